"""Stage `compare_grassmannian`: where constrained training and its closed form meet for the first time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import principal_angles, projector_distance
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import projector_table, rank_table, tidy_rows, whole_trajectory, write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]


def compute(job: Job[CompareSettings]) -> None:
    trajectories = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    learning_rates = read_arrays(job.input("schedule"))["learning_rates"]
    anchor = read_arrays(job.input("triplets"))["anchor"]
    tables = {
        "errors": error_table(trajectories, solution, learning_rates),
        "steps": step_table(trajectories, solution, learning_rates),
        "angles": angle_table(trajectories, solution),
        "integration": integration_table(solution),
        "rank": rank_table(trajectories, solution, anchor),
    }
    write_tables(job, "grassmannian", tables)


def error_table(trajectories: Arrays, solution: Arrays, learning_rates: Array) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between trained (or extrapolated) and predicted projectors, while step sizes are compared."""
    shared = trajectories["weights_0"].shape[1]
    trained = [trajectories[f"weights_{level}"] for level in range(len(learning_rates))]
    predicted, control = (solution[name][:, :shared] for name in ("basis", "basis_control"))
    return projector_table(trained, predicted, control, solution["times"][:shared], learning_rates)


def step_table(trajectories: Arrays, solution: Arrays, learning_rates: Array) -> pd.DataFrame:
    """How far steps leave the manifold before retraction, and how far the weights are from it after."""
    tables = []
    for level, learning_rate in enumerate(learning_rates):
        W = trajectories[f"weights_{level}"]
        identity = np.eye(W.shape[-1])
        values = {
            "defect": trajectories[f"retraction_defect_{level}"],
            "defect_euclidean": trajectories[f"euclidean_defect_{level}"],
            "orthonormality": np.linalg.norm(W.mT @ W - identity, axis=(-2, -1)),
        }
        tables.append(tidy_rows(values, solution["times"][: W.shape[1]], learning_rate=learning_rate))
    return pd.concat(tables)


def angle_table(trajectories: Arrays, solution: Arrays) -> pd.DataFrame:
    """Tan θ_max to the bottom-z eigenspace, trained and predicted, and the bound on it."""
    W = whole_trajectory(trajectories)
    values = {
        "tangent": np.tan(principal_angles(W, solution["leading"])[..., 0]),
        "predicted": solution["tangent"],
        "bound": solution["tangent_bound"],
        "bound_control": solution["tangent_bound_control"],
    }
    return tidy_rows(values, solution["times"])


def integration_table(solution: Arrays) -> pd.DataFrame:
    """Distance between the closed form and DOP853 integration of the flow; the control is the closed form at rate 1."""
    integrated = solution["integrated"]
    shared = integrated.shape[1]
    values = {
        name: projector_distance(integrated, solution[basis][:, :shared])
        for name, basis in (("distance", "basis"), ("distance_control", "basis_control"))
    }
    return tidy_rows(values, solution["times"][:shared])


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_grassmannian", CompareSettings, compute)
