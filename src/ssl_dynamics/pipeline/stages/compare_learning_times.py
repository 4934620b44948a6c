"""Stage `compare_learning_times`: when training acquires each leading eigen-direction, and when it was predicted to."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import last_rise
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import tidy_rows, write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main


def compute(job: Job[CompareSettings]) -> None:
    table = acquisition_table(*(read_arrays(job.input(name)) for name in ("trajectory", "plan", "solution")))
    write_tables(job, "learning_times", {"acquisition": table})


def acquisition_table(trajectory: Arrays, plan: Arrays, solution: Arrays) -> pd.DataFrame:
    """t_k of every seed and direction k = 1 … z, measured and predicted, and predicted at rate 1 (twice as late).

    Both are empty where a start holds more than half of v_k from the first and never falls below.
    """
    W = trajectory["weights"]  # (S, T, d, z), orthonormal
    projections = ((solution["leading"].T @ W) ** 2).sum(-1)  # |Pv_k|², (S, T, z)
    times = plan["learning_rate"] * plan["checkpoints"]
    values = {
        "measured": last_rise(times, np.moveaxis(projections, 1, -1)),
        "predicted": solution["learning_times"],
        "predicted_control": 2 * solution["learning_times"],
    }
    directions = np.arange(1, W.shape[-1] + 1)
    return tidy_rows(values, directions.astype(np.float64)).rename(columns={"time": "direction"})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_learning_times", CompareSettings, compute)
