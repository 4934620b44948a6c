"""The tangent kernel of infinite width on the anchors, by activation and layer, and how far nets are from it."""

from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.kernel_limit.config import SolveSettings
from ssl_dynamics.experiments.kernel_limit.design import Limit
from ssl_dynamics.kernels import infinite_width_ntk, unit_variance
from ssl_dynamics.kernels.infinite_width import COVARIANCES
from ssl_dynamics.shared_files import read_triplets


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_kernel_limit`."""
    X, z = read_triplets(job.input("points")).anchor, job.settings.dimension
    Limit(
        first={name: infinite_width_ntk(X, activation=name, block="first") for name in COVARIANCES},
        second={name: infinite_width_ntk(X, activation=name, block="second") for name in COVARIANCES},
        first_variance={name: unit_variance(X, z=z, activation=name, block="first") for name in COVARIANCES},
        second_variance={name: unit_variance(X, z=z, activation=name, block="second") for name in COVARIANCES},
        whole_variance={name: unit_variance(X, z=z, activation=name) for name in COVARIANCES},
    ).save(job.output("limit"))
