"""Where constrained training and its closed form meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import principal_angles, projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.problem.triplets import Array
from ssl_dynamics.shared_files import GrassmannianSolution, Starts, Trajectories, read_triplets
from ssl_dynamics.tables import projector_table, rank_table, tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_grassmannian`."""
    trajectories = Trajectories.load(job.input("trajectories"))
    solution = GrassmannianSolution.load(job.input("solution"))
    learning_rates = Starts.load(job.input("schedule")).learning_rates
    tables = {
        "errors": error_table(trajectories, solution, learning_rates),
        "steps": step_table(trajectories, solution, learning_rates),
        "angles": angle_table(trajectories, solution),
        "integration": integration_table(solution),
        "rank": rank_table(
            trajectories.whole(),
            solution.times,
            anchor=read_triplets(job.input("triplets")).anchor,
            leading=solution.leading,
            eigenvalues=solution.eigenvalues,
            predicted=solution.basis,
        ),
    }
    write_tables(job, "grassmannian", tables)


def equations(job: Job[CompareSettings]) -> None:
    """Stage `equations_grassmannian`."""
    solution = GrassmannianSolution.load(job.input("solution"))
    write_tables(job, "grassmannian", {"integration": integration_table(solution)})


def error_table(trajectories: Trajectories, solution: GrassmannianSolution, learning_rates: Array) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between trained (or extrapolated) and predicted projectors, while step sizes are compared."""
    trained = trajectories.by_step_size()
    shared = trained[0].shape[1]
    return projector_table(
        trained, solution.basis[:, :shared], solution.basis_wrong, solution.times[:shared], learning_rates
    )


def step_table(trajectories: Trajectories, solution: GrassmannianSolution, learning_rates: Array) -> pd.DataFrame:
    """How far steps leave the manifold before retraction, and how far the weights are from it after."""
    tables = []
    for level, (W, learning_rate) in enumerate(zip(trajectories.by_step_size(), learning_rates, strict=True)):
        values = {
            "defect": trajectories.retraction_defect[str(level)],
            "defect_euclidean": trajectories.euclidean_defect[str(level)],
            "orthonormality": np.linalg.norm(W.mT @ W - np.eye(W.shape[-1]), axis=(-2, -1)),
        }
        tables.append(tidy_rows(values, solution.times[: W.shape[1]], learning_rate=learning_rate))
    return pd.concat(tables)


def angle_table(trajectories: Trajectories, solution: GrassmannianSolution) -> pd.DataFrame:
    """Tan θ_max to the leading eigenspace, trained and predicted, and the bound on it."""
    values = {
        "tangent": np.tan(principal_angles(trajectories.whole(), solution.leading)[..., 0]),
        "predicted": solution.tangent,
        "bound": solution.tangent_bound,
        "bound_control": solution.tangent_bound_control,
    }
    return tidy_rows(values, solution.times)


def integration_table(solution: GrassmannianSolution) -> pd.DataFrame:
    """Distance between the closed form and DOP853 integration of the flow; controls are closed forms at wrong rates."""
    shared = solution.integrated.shape[1]
    values = {
        "distance": projector_distance(solution.integrated, solution.basis[:, :shared]),
        **{
            f"distance_{name}": projector_distance(solution.integrated, solution.basis_wrong[name])
            for name in NEAR_RATES
        },
    }
    return tidy_rows(values, solution.times[:shared])
