"""The tangent kernel of infinite width on the points, by activation and layer."""

from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.kernel_limit.design import Limit
from ssl_dynamics.kernels import infinite_width_ntk
from ssl_dynamics.kernels.infinite_width import COVARIANCES
from ssl_dynamics.problem.points import all_points
from ssl_dynamics.settings import Settings
from ssl_dynamics.shared_files import read_triplets


def solve(job: Job[Settings]) -> None:
    """Stage `solve_kernel_limit`."""
    X = all_points(read_triplets(job.input("points")))
    Limit(
        first={name: infinite_width_ntk(X, activation=name, block="first") for name in COVARIANCES},
        second={name: infinite_width_ntk(X, activation=name, block="second") for name in COVARIANCES},
    ).save(job.output("limit"))
