"""Where penalised training and its closed form meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import log_excess_rank, richardson_weights
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint.config import DEAD, STRONG
from ssl_dynamics.experiments.soft_constraint.design import Array, Design, Solution, Trajectories
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.tables import (
    MOST_EXTRAPOLATIONS,
    STEP_RATIO,
    extrapolated,
    gram_table,
    projector_table,
    tidy_rows,
)

TWICE = richardson_weights(STEP_RATIO, MOST_EXTRAPOLATIONS)  # coarsest step size first


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_soft_constraint`."""
    trajectories = Trajectories.load(job.input("trajectories"))
    trained = list(trajectories.weights.values())
    plan, solution = Design.load(job.input("schedule")), Solution.load(job.input("solution"))
    tables = {
        "soft_flow": flow_table(trained, plan, solution),
        "soft_span": span_table(trained, plan, solution),
        "soft_rank": rank_table(trained, plan, solution, read_triplets(job.input("triplets")).anchor),
        "soft_limits": limit_table(trajectories.limits, plan, solution),
        "soft_strong": strong_table(plan, solution),
        "soft_distance": distance_table(trained, plan, solution, read_triplets(job.input("triplets")).anchor),
    }
    write_tables(job, "soft_constraint", tables)


def flow_table(trained: list[Array], plan: Design, solution: Solution) -> pd.DataFrame:
    """‖WWᵀ − FFᵀ‖_F/‖FFᵀ‖_F, F the closed form, at each step size or extrapolated; and F at wrong rates."""
    return pd.concat(
        gram_table(
            [W[index] for W in trained],
            solution.flow[index],
            {name: F[index] for name, F in solution.flow_wrong.items()},
            plan.schedule.times,
            plan.learning_rates,
        ).assign(strength=strength)
        for index, strength in enumerate(plan.strengths)
    )


def span_table(trained: list[Array], plan: Design, solution: Solution) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between spans of penalised weights and of the constrained flow, which knows no β."""
    bases = [np.linalg.qr(W)[0] for W in trained]
    times = plan.schedule.times
    return pd.concat(
        projector_table(
            [basis[index] for basis in bases], solution.span, solution.span_wrong, times, plan.learning_rates
        ).assign(strength=strength)
        for index, strength in enumerate(plan.strengths)
    )


def rank_table(trained: list[Array], plan: Design, solution: Solution, anchor: Array) -> pd.DataFrame:
    """ln(effective rank − 1) as trained, extrapolated twice, as predicted, and as wrong penalties would have it.

    Rows without what was trained are the curves of the figure, at more penalties, with 0 and ∞.
    """
    R = np.linalg.qr(anchor, mode="r")
    measured = [log_excess_rank(np.log(np.linalg.svd(R @ W, compute_uv=False))) for W in trained]
    values = {
        "excess": extrapolated(measured, 0, TWICE),
        "predicted": solution.excess,
        **{f"predicted_{name}": excess for name, excess in solution.excess_wrong.items()},
    }
    tables = []
    for index, strength in enumerate(plan.strengths):
        of_strength = {name: value[index] for name, value in values.items()}
        tables.append(tidy_rows(of_strength, plan.schedule.times, strength=float(strength)))
    for strength, curve in zip(
        (*solution.curve_strengths, 0.0, np.inf), (*solution.curves, *solution.ends), strict=True
    ):
        tables.append(tidy_rows({"predicted": curve}, solution.curve_times, strength=float(strength)))
    return pd.concat(tables)


def distance_table(trained: list[Array], plan: Design, solution: Solution, anchor: Array) -> pd.DataFrame:
    """‖XWWᵀXᵀ − XFFᵀXᵀ‖_F at the largest penalty, over the largest ‖XPCPXᵀ‖_F/β once it has settled, as `settled` says.

    F is what theory says of WWᵀ there, `error_NAME` for a C that is wrong; `from_projector` and `from_first` with P and
    P − PCP/β in place of FFᵀ.
    """
    R, times = np.linalg.qr(anchor, mode="r"), plan.schedule.times
    settled = times >= solution.settled_from
    size = solution.first_terms[:, settled].max(-1, keepdims=True, initial=0)
    others = {"projector": solution.span, "first": solution.settled_first} | solution.settled_wrong
    table = projector_table(
        [R @ W[-1] for W in trained],
        R @ solution.settled,
        {name: R @ F for name, F in others.items()},
        times,
        plan.learning_rates,
    )
    columns = ["error", *(f"error_{name}" for name in others)]
    # Over and over: each combination of step sizes has its rows in the order of (S, T).
    scale = np.resize(np.where(size > 0, size, np.nan) * np.ones(len(times)), len(table))
    table[columns] = table[columns].mul(np.sqrt(2 * solution.span.shape[-1]) / scale, axis=0)
    return table.rename(columns={f"error_{name}": f"from_{name}" for name in ("projector", "first")}).assign(
        settled=np.resize(np.broadcast_to(settled, (len(size), len(times))), len(table)),
        strength=float(plan.strengths[-1]),
    )


def limit_table(trained: Array, plan: Design, solution: Solution) -> pd.DataFrame:
    """Singular values at the end of the training with weight decay, and of the limit, a row for each direction k ≤ z.

    `critical` is λ_k + ω, the penalty below which the direction dies; it and the penalties are in units of ‖C‖. Rows
    without what was trained are the curves of the figure.
    """
    directions = np.arange(1, trained.shape[-1] + 1)
    critical = solution.critical / plan.norm
    values = np.linalg.svd(trained, compute_uv=False)  # (B', S, z)
    tables = []
    for index, strength in enumerate(plan.limit_strengths / plan.norm):
        of_strength = {
            "value": values[index],
            "rank": np.broadcast_to((values[index] > DEAD).sum(-1, keepdims=True), values[index].shape),
            "predicted": np.broadcast_to(solution.limits[index], values[index].shape),
            **{
                f"predicted_{name}": np.broadcast_to(limits[index], values[index].shape)
                for name, limits in solution.limits_wrong.items()
            },
        }
        table = tidy_rows(of_strength, directions, strength=strength, critical=critical)
        tables.append(table.assign(steps=plan.limit_steps, needed=plan.needed_steps))
    for strength, curve in zip(solution.limit_curve_strengths / plan.norm, solution.limit_curves, strict=True):
        tables.append(tidy_rows({"predicted": curve[None]}, directions, strength=strength, critical=critical))
    return pd.concat(tables).rename(columns={"time": "direction"})


def strong_table(plan: Design, solution: Solution) -> pd.DataFrame:
    """How far XWWᵀXᵀ is from the terms of its expansion for large β, and how large these are; times in 1/‖C‖."""
    times = solution.curve_times * plan.norm
    return pd.concat(
        tidy_rows({name: values[index] for name, values in solution.strong.items()}, times, strength=strength)
        for index, strength in enumerate(STRONG)
    )
