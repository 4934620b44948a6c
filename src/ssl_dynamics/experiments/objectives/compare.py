"""Spans, ranks and learning times of each objective; InfoNCE against its limit; a table of all objectives."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import effective_rank, half_time, mean_interval, principal_angles, projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.artifacts import read_tables, write_table
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.objectives.design import Design, Solution, Trajectories, Trajectory, scaled_batch
from ssl_dynamics.problem.names import Objective
from ssl_dynamics.problem.triplets import Array
from ssl_dynamics.settings import Settings
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.tables import tidy_rows
from ssl_dynamics.unsettled import REASON, Unsettled

KEYS = ["dataset", "dimension", "objective"]


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_objectives`."""
    trajectories = Trajectories.load(job.input("trajectories"))
    solution = Solution.load(job.input("solution"))
    design = Design.load(job.input("schedule"))
    anchor = scaled_batch(read_triplets(job.input("triplets")), design).anchor
    by_objective = trajectories.objectives.items()
    tables = {
        "objectives": pd.concat(objective_table(name, each, solution, anchor) for name, each in by_objective),
        "learning": pd.concat(learning_table(name, each) for name, each in by_objective),
        "temperatures": temperature_table(trajectories.info_nce_limit, solution, design.temperatures),
    }
    write_tables(job, "objectives", tables)


def objective_table(objective: Objective, trajectory: Trajectory, solution: Solution, anchor: Array) -> pd.DataFrame:
    """Angles to the leading eigenspaces of the dot product's C and of the in-batch C, effective rank of U = XW.

    `flow_time` is in units of the objective, in which that of the dot product is to reach `arrival`.
    """
    checkpoints: NDArray[Any] = trajectory.checkpoints
    W = trajectory.weights
    sines, in_batch = (np.sin(principal_angles(W, span)) for span in (solution.own_leading, solution.in_batch_leading))
    R = np.linalg.qr(anchor, mode="r")  # the singular values of XW are those of RW
    values = {
        "time": trajectory.clock[:, checkpoints],  # every seed has its own
        "sine": sines[..., 0],
        "mean_square_sine": (sines**2).mean(-1),
        "sine_in_batch": in_batch[..., 0],
        "mean_square_sine_in_batch": (in_batch**2).mean(-1),
        "effective_rank": effective_rank(R @ W),
        "value": trajectory.losses[:, checkpoints],
        "flow_time": trajectory.times[:, checkpoints],
        "arrival": np.broadcast_to(solution.arrival[:, None], (len(W), len(checkpoints))),
    }
    return tidy_rows(values, checkpoints, iteration=checkpoints).assign(objective=objective)


def learning_table(objective: Objective, trajectory: Trajectory) -> pd.DataFrame:
    """Time to half of the final decrease, and how far training got, one row for each seed."""
    values, norms = trajectory.losses, trajectory.gradient_norms
    return pd.DataFrame(
        {
            "objective": objective,
            "seed": np.arange(len(values)),
            "learning_time": half_time(trajectory.clock, values),
            "first_gradient": norms[:, 0],
            "gradient_left": norms[:, -1] / norms[:, 0],
            "first_value": values[:, 0],
            "last_value": values[:, -1],
            "iterations": values.shape[1] - 1,
        }
    )


def temperature_table(W: Array, solution: Solution, temperatures: Array) -> pd.DataFrame:
    """Largest angle of InfoNCE's minimiser to both eigenspaces, and its distance from the predicted departure.

    W (S, K, d, z) at the temperatures (K,).
    """
    values = {
        "sine": np.sin(principal_angles(W, solution.in_batch_leading)[..., 0]),
        "sine_own_negatives": np.sin(principal_angles(W, solution.own_leading)[..., 0]),
        "distance": projector_distance(W, solution.departed),
        **{f"distance_{name}": projector_distance(W, span) for name, span in solution.departed_control.items()},
    }
    rows = tidy_rows(values, temperatures)
    return rows.rename(columns={"time": "temperature"})


def summarise(job: Job[Settings]) -> None:
    """Stage `objectives_table`: all objectives on all data sets, means over seeds with 95 % intervals.

    Empty where a seed has no number; open where a draw leaves every cell open.
    """
    (objectives, left_open), (learning, _) = (read_tables(job.inputs[name]) for name in ("objectives", "learning"))
    if objectives.empty:
        raise Unsettled(left_open[REASON].iloc[0])
    final = objectives[objectives["iteration"] == objectives.groupby(KEYS)["iteration"].transform("max")]
    angles = ["sine", "mean_square_sine", "sine_in_batch", "mean_square_sine_in_batch"]
    quantities = {
        **dict.fromkeys([*angles, "effective_rank"], final),
        **dict.fromkeys(["learning_time", "gradient_left"], learning),
    }
    rows = []
    for quantity, table in quantities.items():
        for key, group in table.groupby(KEYS, sort=False):
            values = group[quantity].to_numpy()
            low, high = mean_interval(values) if np.isfinite(values).all() else (np.nan, np.nan)
            labels = dict(zip(KEYS, key, strict=True))
            numbers = {"mean": values.mean(), "ci_low": low, "ci_high": high, "seeds": len(values)}
            rows.append({**labels, "quantity": quantity, **numbers})
    write_table(job.output("table"), pd.DataFrame(rows))
