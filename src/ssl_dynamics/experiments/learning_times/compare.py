"""When training acquires each leading eigen-direction, and when it was predicted to."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import last_rise
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.learning_times.design import Design, Solution, Trajectory
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_learning_times`."""
    trajectory = Trajectory.load(job.input("trajectory"))
    plan = Design.load(job.input("plan"))
    solution = Solution.load(job.input("solution"))
    write_tables(job, "learning_times", {"acquisition": acquisition_table(trajectory, plan, solution)})


def acquisition_table(trajectory: Trajectory, plan: Design, solution: Solution) -> pd.DataFrame:
    """t_k of every seed and direction k = 1 … z, measured and predicted, and predicted at rate 1 (twice as late).

    Both are empty where a start holds more than half of v_k from the first and never falls below. `end` is that of the
    training.
    """
    W = trajectory.weights
    projections = ((solution.leading.T @ W) ** 2).sum(-1)  # |Pv_k|², (S, K, z)
    of_seeds = zip(plan.times[plan.kept], projections, strict=True)
    values = {
        "measured": np.stack([last_rise(times, projected.T) for times, projected in of_seeds]),
        "predicted": solution.learning_times,
        "predicted_control": 2 * solution.learning_times,
    }
    directions = np.arange(1, W.shape[-1] + 1)
    rows = tidy_rows(values, directions.astype(np.float64), end=float(plan.times[-1]))
    return rows.rename(columns={"time": "direction"})
