"""Stage `compare_unconstrained`: where unconstrained training and its closed form meet for the first time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import (
    combinations,
    extrapolated,
    first_gap,
    log_ratio,
    projector_table,
    rank_table,
    slope_table,
    tidy_rows,
    write_tables,
)
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]

# Spans are compared while σ_z/σ_1 of the weights, as predicted, is larger: rounding moves them by 1e−16 over this.
WORST_CONDITION = 1e-8


def compute(job: Job[CompareSettings]) -> None:
    trajectories = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    learning_rates = read_arrays(job.input("schedule"))["learning_rates"]
    anchor = read_arrays(job.input("triplets"))["anchor"]
    measured = measured_log_ratios(trajectories, len(learning_rates))
    tables = {
        "collapse": collapse_table(measured, solution, learning_rates),
        "slopes": slope_table(
            measured,
            [solution[f"descent_{level}"] for level in range(len(learning_rates))],
            solution["log_singular_values"],
            solution,
            learning_rates,
        ),
        "spans": span_table(trajectories, solution, learning_rates),
        "rank": rank_table(trajectories, solution, anchor),
    }
    write_tables(job, "unconstrained", tables)


def measured_log_ratios(trajectories: Arrays, levels: int) -> list[Array]:
    """ln(σ_2/σ_1) of trained weights, (S, T) for each step size, finest first."""
    return [
        log_ratio(np.log(np.linalg.svd(trajectories[f"weights_{level}"], compute_uv=False))) for level in range(levels)
    ]


def collapse_table(measured: list[Array], solution: Arrays, learning_rates: Array) -> pd.DataFrame:
    """ln(σ_2/σ_1)(t) as trained, as extrapolated to η → 0, as predicted, and as a rate of 1 would have it."""
    predicted, control = (log_ratio(solution[name]) for name in ("log_singular_values", "log_singular_values_control"))
    times = solution["times"]
    return pd.concat(
        tidy_rows(
            {"log_ratio": extrapolated(measured, level, weights)},
            times,
            learning_rate=learning_rates[level],
            extrapolations=len(weights) - 1,
            gap_time=times * first_gap(solution),
            predicted=predicted,
            control=control,
        )
        for level, weights in combinations(len(learning_rates))
    )


def span_table(trajectories: Arrays, solution: Arrays, learning_rates: Array) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between spans of unconstrained weights and of the *constrained* flow, while they are there."""
    values = solution["log_singular_values"]
    there = values[..., -1] - values[..., 0] > np.log(WORST_CONDITION)
    shared = int(there.any(0).sum())  # the ratio falls: the first checkpoints
    table = projector_table(
        [np.linalg.qr(trajectories[f"weights_{level}"][:, :shared])[0] for level in range(len(learning_rates))],
        solution["span"][:, :shared],
        solution["span_control"][:, :shared],
        solution["times"][:shared],
        learning_rates,
    )
    moments = np.searchsorted(solution["times"], table["time"])
    kept: pd.DataFrame = table[there[table["seed"], moments]]
    return kept


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_unconstrained", CompareSettings, compute)
