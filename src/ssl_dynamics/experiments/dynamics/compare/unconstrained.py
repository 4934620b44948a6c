"""Where unconstrained training and its closed form meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import log_excess_rank, projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.dynamics.config import WORST_CONDITION
from ssl_dynamics.problem.triplets import Array
from ssl_dynamics.shared_files import Starts, Trajectories, UnconstrainedSolution, read_triplets
from ssl_dynamics.tables import (
    combinations,
    extrapolated,
    first_gap,
    log_ratio,
    projector_table,
    rank_table,
    slope_table,
    tidy_rows,
)


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_unconstrained`."""
    trajectories = Trajectories.load(job.input("trajectories"))
    solution = UnconstrainedSolution.load(job.input("solution"))
    learning_rates = Starts.load(job.input("schedule")).learning_rates
    measured = [log_ratio(np.log(np.linalg.svd(W, compute_uv=False))) for W in trajectories.by_step_size()]
    tables = {
        "collapse": collapse_table(measured, solution, learning_rates),
        "slopes": slope_table(
            measured,
            list(solution.descent.values()),
            solution.log_singular_values,
            times=solution.times,
            late=solution.late,
            learning_rates=learning_rates,
        ),
        "spans": span_table(trajectories, solution, learning_rates),
        "rank": collapse_rank_table(trajectories, solution, read_triplets(job.input("triplets")).anchor),
    }
    write_tables(job, "unconstrained", tables)


def collapse_table(measured: list[Array], solution: UnconstrainedSolution, learning_rates: Array) -> pd.DataFrame:
    """ln(σ_2/σ_1)(t) as trained, as extrapolated to η → 0, as predicted, and as wrong rates would have it."""
    return pd.concat(
        tidy_rows(
            {"log_ratio": extrapolated(measured, level, weights)},
            solution.times,
            learning_rate=learning_rates[level],
            extrapolations=len(weights) - 1,
            gap_time=solution.times * first_gap(solution.eigenvalues),
            predicted=log_ratio(solution.log_singular_values),
            **{f"predicted_{name}": log_ratio(values) for name, values in solution.log_singular_values_control.items()},
        )
        for level, weights in combinations(len(learning_rates))
    )


def collapse_rank_table(trajectories: Trajectories, solution: UnconstrainedSolution, anchor: Array) -> pd.DataFrame:
    """Ranks, and ln(effective rank − 1) as trained, as the discrete solution has it, and as wrong rates would."""
    W = trajectories.whole()
    R = np.linalg.qr(anchor, mode="r")
    logs = {
        "excess": np.log(np.linalg.svd(R @ W, compute_uv=False)),
        "excess_predicted": solution.descent_through,
        **{f"excess_predicted_{name}": values for name, values in solution.descent_through_control.items()},
    }
    ranks = rank_table(W, solution.times, anchor=anchor, leading=solution.leading, eigenvalues=solution.eigenvalues)
    excess = tidy_rows({name: log_excess_rank(values) for name, values in logs.items()}, solution.times)
    return ranks.merge(excess, on=["seed", "time"], validate="one_to_one")


def span_table(trajectories: Trajectories, solution: UnconstrainedSolution, learning_rates: Array) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between spans of unconstrained weights and of the *constrained* flow, while they are there.

    `moved_NAME`: distance between the closed form and that at a wrong rate.
    """
    values = solution.log_singular_values
    there = values[..., -1] - values[..., 0] > np.log(WORST_CONDITION)
    shared = int(there.any(0).sum())  # the ratio falls: the first checkpoints
    table = projector_table(
        [np.linalg.qr(W[:, :shared])[0] for W in trajectories.by_step_size()],
        solution.span[:, :shared],
        {name: span[:, :shared] for name, span in solution.span_control.items()},
        solution.times[:shared],
        learning_rates,
    )
    moved = {
        f"moved_{name}": projector_distance(solution.span[:, :shared], span[:, :shared])
        for name, span in solution.span_control.items()
    }
    table = table.merge(tidy_rows(moved, solution.times[:shared]), on=["seed", "time"], validate="many_to_one")
    moments = np.searchsorted(solution.times, table["time"])
    kept: pd.DataFrame = table[there[table["seed"], moments]]
    return kept
