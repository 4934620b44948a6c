"""Stage `compare_objectives`: spans, ranks and learning times of each objective; InfoNCE against its limit."""

from typing import get_args

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import effective_rank, half_time, principal_angles, projector_distance
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import tidy_rows, write_tables
from ssl_dynamics.pipeline.objectives import scaled_batch
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.settings import Objective
from ssl_dynamics.problem.triplets import Array


def compute(job: Job[CompareSettings]) -> None:
    trajectories = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    schedule = read_arrays(job.input("schedule"))
    anchor = scaled_batch(read_arrays(job.input("triplets")), schedule).anchor
    objectives = get_args(Objective)
    tables = {
        "objectives": pd.concat(objective_table(name, trajectories, solution, anchor) for name in objectives),
        "learning": pd.concat(learning_table(name, trajectories) for name in objectives),
        "temperatures": temperature_table(trajectories, solution, schedule["temperatures"]),
    }
    write_tables(job, "objectives", tables)


def objective_table(objective: str, trajectories: Arrays, solution: Arrays, anchor: Array) -> pd.DataFrame:
    """Angles to the bottom-z eigenspaces of the dot product's C and of the in-batch C, effective rank of U = XW."""
    checkpoints, W = (trajectories[f"{objective}_{name}"] for name in ("checkpoints", "weights"))
    sines, in_batch = (np.sin(principal_angles(W, solution[f"{name}_leading"])) for name in ("own", "in_batch"))
    R = np.linalg.qr(anchor, mode="r")  # the singular values of XW are those of RW
    clock = _clock(objective, trajectories)[:, checkpoints]
    values = {
        "time": clock,  # every seed has its own
        "sine": sines[..., 0],
        "mean_square_sine": (sines**2).mean(-1),
        "sine_in_batch": in_batch[..., 0],
        "mean_square_sine_in_batch": (in_batch**2).mean(-1),
        "effective_rank": effective_rank(R @ W),
        "value": trajectories[f"{objective}_losses"][:, checkpoints],
    }
    return tidy_rows(values, checkpoints, iteration=checkpoints).assign(objective=objective)


def learning_table(objective: str, trajectories: Arrays) -> pd.DataFrame:
    """Time to half of the final decrease, and how far training got, one row for each seed."""
    values, norms = (trajectories[f"{objective}_{name}"] for name in ("losses", "gradient_norms"))
    return pd.DataFrame(
        {
            "objective": objective,
            "seed": np.arange(len(values)),
            "learning_time": half_time(_clock(objective, trajectories), values),
            "first_gradient": norms[:, 0],
            "gradient_left": norms[:, -1] / norms[:, 0],
            "first_value": values[:, 0],
            "last_value": values[:, -1],
            "iterations": values.shape[1] - 1,
        }
    )


def temperature_table(trajectories: Arrays, solution: Arrays, temperatures: Array) -> pd.DataFrame:
    """Largest angle of InfoNCE's minimiser to both eigenspaces, and its distance from the predicted departure."""
    W = trajectories["info_nce_limit"]
    values = {
        "sine": np.sin(principal_angles(W, solution["in_batch_leading"])[..., 0]),
        "sine_own_negatives": np.sin(principal_angles(W, solution["own_leading"])[..., 0]),
        "distance": projector_distance(W, solution["departed"]),
        "distance_control": projector_distance(W, solution["departed_control"]),
    }
    rows = tidy_rows(values, temperatures)
    return rows.rename(columns={"time": "temperature"})


def _clock(objective: str, trajectories: Arrays) -> Array:
    """Gradient-flow time in units of 1/‖ξ(0)‖_F, which no factor in front of an objective changes; (S, K + 1)."""
    clock: Array = trajectories[f"{objective}_times"] * trajectories[f"{objective}_gradient_norms"][:, :1]
    return clock


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_objectives", CompareSettings, compute)
