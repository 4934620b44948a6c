"""Stage `compare_finite_steps`: retractions, orthogonal iteration and limits in η against their predictions."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import principal_angles, projector_distance
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import tidy_rows, write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]

RETRACTIONS = ("polar", "geodesic")


def compute(job: Job[CompareSettings]) -> None:
    runs = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    plan = read_arrays(job.input("schedule"))
    tables = {
        "retractions": retraction_table(runs, solution, plan["learning_rates"]),
        "iteration": iteration_table(runs, solution, plan["iteration_steps"]),
        "drift": drift_table(runs, plan["iteration_steps"]),
        "limits": limit_table(runs, solution),
    }
    write_tables(job, "finite_steps", tables)


def retraction_table(runs: Arrays, solution: Arrays, learning_rates: Array) -> pd.DataFrame:
    """Projector error of each retraction against the flow, at every step size."""
    return pd.concat(
        tidy_rows(
            {
                "error": projector_distance(runs[f"{retraction}_{level}"], solution["flow"]),
                "error_control": projector_distance(runs[f"{retraction}_{level}"], solution["flow_control"]),
            },
            solution["times"],
            learning_rate=learning_rate,
            retraction=retraction,
        )
        for retraction in RETRACTIONS
        for level, learning_rate in enumerate(learning_rates)
    )


def iteration_table(runs: Arrays, solution: Arrays, steps: Array) -> pd.DataFrame:
    """Projector distance of Euclidean gradient plus QR from the closed form in discrete time; control: the flow."""
    values = {
        name: projector_distance(runs["iteration"], solution[source])
        for name, source in (("distance", "iteration"), ("distance_control", "iteration_control"))
    }
    return tidy_rows(values, steps)


def drift_table(runs: Arrays, steps: Array) -> pd.DataFrame:
    """‖WᵀW − I‖_F along training with each retraction, over the steps; control: horizontal steps never pulled back."""
    return pd.concat(
        tidy_rows({"drift": _drift(runs[f"drift_{name}"])}, steps, retraction=name)
        for name in (*RETRACTIONS, "qr", "none")
    )


def limit_table(runs: Arrays, solution: Arrays) -> pd.DataFrame:
    """What training ends in, on the right (side 0) and the wrong side (side 1) of each limit in η.

    `distance`: sin θ_max to the right limit (Riemannian steps), or the part ‖Wᵀv‖ of the direction v that takes over
    beyond the limit (orthogonal iteration, roles exchanged). `from_prediction`: distance from the closed form.
    """
    tables = []
    for side in (0, 1):
        W = runs[f"riemannian_limit_{side}"]
        sine = np.sin(principal_angles(W, solution["leading"])[..., 0])
        tables.append(tidy_rows({"distance": sine}, np.zeros(1), method="riemannian", side=side))
        W = runs[f"iteration_limit_{side}"]
        part = np.linalg.norm(W.mT @ solution["last_exchanged"], axis=(-2, -1))
        exact = projector_distance(W, solution[f"iteration_limit_{side}"])
        tables.append(
            tidy_rows({"distance": part, "from_prediction": exact}, np.zeros(1), method="iteration", side=side)
        )
    return pd.concat(tables)


def _drift(W: Array) -> Array:
    drift: Array = np.linalg.norm(W.mT @ W - np.eye(W.shape[-1]), axis=(-2, -1))
    return drift


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_finite_steps", CompareSettings, compute)
