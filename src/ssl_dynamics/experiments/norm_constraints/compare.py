"""Where training under constraints on norms and its closed forms meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import log_excess_rank, projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.norm_constraints.config import (
    CONSTRAINTS,
    ORTHOGONAL,
    SPECTRAL,
    WORST_CONDITION,
)
from ssl_dynamics.experiments.norm_constraints.design import Array, Design, Solution, Trajectories
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_norm_constraints`."""
    trained = Trajectories.load(job.input("trajectories")).weights
    plan, solution = Design.load(job.input("schedule")), Solution.load(job.input("solution"))
    times = plan.times
    tables = {
        "norm_ranks": rank_table(trained, times, solution, read_triplets(job.input("triplets")).anchor),
        "norm_grams": gram_table(trained, times, solution),
        "norm_spans": span_table(trained, times, solution),
    }
    write_tables(job, "norm_constraints", tables)


def rank_table(trained: dict[str, Array], times: Array, solution: Solution, anchor: Array) -> pd.DataFrame:
    """ln(effective rank − 1) of the representation, as trained, predicted, and predicted for wrong step sizes.

    Nothing is predicted where a bound on the spectral norm may have let a singular value shrink.
    """
    R = np.linalg.qr(anchor, mode="r")
    tables = []
    for constraint in CONSTRAINTS:
        with np.errstate(divide="ignore"):
            logs = np.log(np.linalg.svd(R @ trained[constraint], compute_uv=False))
        values = {
            "excess": log_excess_rank(logs),
            "predicted": solution.excess[constraint],
            **{f"predicted_{name}": solution.excess_wrong[constraint, name] for name in NEAR_RATES},
        }
        tables.append(tidy_rows(values, times).assign(constraint=constraint))
    return pd.concat(tables)


def gram_table(trained: dict[str, Array], times: Array, solution: Solution) -> pd.DataFrame:
    """‖WWᵀ − P‖_F/√(2z), P the projector of the closed form, under the two constraints that are to keep WᵀW = I.

    `shrunk`: by how much ln σ_z(W) may have fallen; where that is not zero, nothing is predicted.
    """
    tables = []
    for constraint, bound in ((SPECTRAL, solution.bound), (ORTHOGONAL, np.zeros_like(solution.bound))):
        distances = {
            name: np.where(bound == 0, values, np.nan)
            for name, values in _distances(trained[constraint], solution).items()
        }
        tables.append(tidy_rows({**distances, "shrunk": -bound}, times).assign(constraint=constraint))
    return pd.concat(tables)


def span_table(trained: dict[str, Array], times: Array, solution: Solution) -> pd.DataFrame:
    """‖P' − P‖_F/√(2z), P' the projector on the span of trained weights, while float64 resolves it."""
    tables = []
    for constraint in CONSTRAINTS:
        values = np.linalg.svd(trained[constraint], compute_uv=False)
        resolved = values[..., -1] > WORST_CONDITION * values[..., 0]
        distances = {
            name: np.where(resolved, distance, np.nan)
            for name, distance in _distances(np.linalg.qr(trained[constraint])[0], solution).items()
        }
        tables.append(tidy_rows(distances, times).assign(constraint=constraint))
    return pd.concat(tables)


def _distances(W: Array, solution: Solution) -> dict[str, Array]:
    """‖WWᵀ − P‖_F/√(2z) (S, T), for the closed form and for those of wrong step sizes."""
    spans = {"distance": solution.span, **{f"distance_{name}": span for name, span in solution.span_wrong.items()}}
    return {name: projector_distance(W, span) for name, span in spans.items()}
