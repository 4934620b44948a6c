"""Stage `compare_unconstrained`: where unconstrained training and its closed form meet for the first time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import combinations, first_gap, rank_table, tidy_rows, write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]


def compute(job: Job[CompareSettings]) -> None:
    trajectories = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    learning_rates = read_arrays(job.input("schedule"))["learning_rates"]
    anchor = read_arrays(job.input("triplets"))["anchor"]
    tables = {
        "collapse": collapse_table(trajectories, solution, learning_rates),
        "rank": rank_table(trajectories, solution, anchor),
    }
    write_tables(job, "unconstrained", tables)


def collapse_table(trajectories: Arrays, solution: Arrays, learning_rates: Array) -> pd.DataFrame:
    """ln(σ_2/σ_1)(t) as trained, as extrapolated to η → 0, as predicted, and as a rate of 1 would have it."""
    measured = []
    for level in range(len(learning_rates)):
        values = np.linalg.svd(trajectories[f"weights_{level}"], compute_uv=False)
        measured.append(np.log(values[..., 1] / values[..., 0]))
    predicted, control = (
        solution[name][..., 1] - solution[name][..., 0]
        for name in ("log_singular_values", "log_singular_values_control")
    )
    times = solution["times"]
    return pd.concat(
        tidy_rows(
            {"log_ratio": np.tensordot(weights, np.stack(measured[level : level + len(weights)][::-1]), 1)},
            times,
            learning_rate=learning_rates[level],
            extrapolations=len(weights) - 1,
            gap_time=times * first_gap(solution),
            predicted=predicted,
            control=control,
        )
        for level, weights in combinations(len(learning_rates))
    )


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_unconstrained", CompareSettings, compute)
