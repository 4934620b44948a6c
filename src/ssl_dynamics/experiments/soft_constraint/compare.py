"""Where penalised training and its closed form meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import combined_projector_norm, log_excess_rank, richardson_weights
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint.config import CURVES
from ssl_dynamics.experiments.soft_constraint.design import Array, Design, Solution, Trajectories
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.tables import (
    MOST_EXTRAPOLATIONS,
    STEP_RATIO,
    extrapolated,
    projector_table,
    tidy_rows,
)

TWICE = richardson_weights(STEP_RATIO, MOST_EXTRAPOLATIONS)  # coarsest step size first


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_soft_constraint`."""
    trained = list(Trajectories.load(job.input("trajectories")).weights.values())
    plan, solution = Design.load(job.input("schedule")), Solution.load(job.input("solution"))
    tables = {
        "soft_flow": flow_table(trained, plan, solution),
        "soft_span": span_table(trained, plan, solution),
        "soft_rank": rank_table(trained, plan, solution, read_triplets(job.input("triplets")).anchor),
    }
    write_tables(job, "soft_constraint", tables)


def flow_table(trained: list[Array], plan: Design, solution: Solution) -> pd.DataFrame:
    """‖WWᵀ − FFᵀ‖_F/‖FFᵀ‖_F, F the closed form, at each step size or extrapolated; and F at wrong rates."""
    tables = []
    for index, strength in enumerate(plan.strengths / plan.norm):
        flow, wrong = solution.flow[index], {name: F[index] for name, F in solution.flow_wrong.items()}
        table = projector_table([W[index] for W in trained], flow, wrong, plan.schedule.times, plan.learning_rates)
        for name, F in {"error": flow, **{f"error_{name}": F for name, F in wrong.items()}}.items():
            # Over and over: each combination of step sizes has its rows in the order of (S, T).
            table[name] /= np.resize(combined_projector_norm([F], [1.0]), len(table))
        tables.append(table.assign(strength=strength))
    return pd.concat(tables)


def span_table(trained: list[Array], plan: Design, solution: Solution) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between spans of penalised weights and of the constrained flow, which knows no β."""
    bases = [np.linalg.qr(W)[0] for W in trained]
    times = plan.schedule.times
    return pd.concat(
        projector_table(
            [basis[index] for basis in bases], solution.span, solution.span_wrong, times, plan.learning_rates
        ).assign(strength=strength)
        for index, strength in enumerate(plan.strengths / plan.norm)
    )


def rank_table(trained: list[Array], plan: Design, solution: Solution, anchor: Array) -> pd.DataFrame:
    """ln(effective rank − 1) as trained, extrapolated twice, as predicted, and as wrong penalties would have it.

    Rows without what was trained are the curves of the figure, over nine decades of β, with 0 and ∞.
    """
    R = np.linalg.qr(anchor, mode="r")
    measured = [log_excess_rank(np.log(np.linalg.svd(R @ W, compute_uv=False))) for W in trained]
    values = {
        "excess": extrapolated(measured, 0, TWICE),
        "predicted": solution.excess,
        **{f"predicted_{name}": excess for name, excess in solution.excess_wrong.items()},
    }
    tables = []
    for index, strength in enumerate(plan.strengths / plan.norm):
        of_strength = {name: value[index] for name, value in values.items()}
        tables.append(tidy_rows(of_strength, plan.schedule.times, strength=float(strength)))
    for strength, curve in zip((*CURVES, 0.0, np.inf), (*solution.curves, *solution.ends), strict=True):
        tables.append(tidy_rows({"predicted": curve}, solution.curve_times, strength=strength))
    return pd.concat(tables)
