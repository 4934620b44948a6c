"""Stage `compare_kernel_limit`: tangent kernels of random nets, over widths and seeds, against their limit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.kernels import two_layer_ntk
from ssl_dynamics.kernels.infinite_width import COVARIANCES
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import write_tables
from ssl_dynamics.pipeline.points import all_points
from ssl_dynamics.pipeline.settings import CompareKernelLimitSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.gaussian_weights import gaussian_weights
from ssl_dynamics.problem.settings import Activation

Array = NDArray[np.float64]


def compute(job: Job[CompareKernelLimitSettings]) -> None:
    points, limit = read_arrays(job.input("points")), read_arrays(job.input("limit"))
    X = all_points(points)
    settings, tables = job.settings, []
    progress = Progress(job, len(settings.widths) * len(COVARIANCES))
    for width in settings.widths:
        W1, W2 = gaussian_weights(
            (X.shape[1], width, settings.dimension),
            seeds=settings.seeds,
            root_seed=settings.root_seed,
            names=("kernel limit", settings.dataset_name),
        )
        for activation in COVARIANCES:
            for labels, error in distances(X, W1, W2, activation, limit):
                columns = {"width": width, "activation": activation, **labels}
                tables.append(pd.DataFrame({"seed": np.arange(len(error)), **columns, "error": error}))
            progress.advance()
    write_tables(job, "kernel_limit", {"kernel_limit": pd.concat(tables)})


def distances(
    X: Array, W1: Array, W2: Array, activation: Activation, limit: Arrays
) -> Iterator[tuple[dict[str, str], Array]]:
    """‖Θ_h − Θ∞‖_F/‖Θ∞‖_F (S,) of each block and of the whole; and of the whole to Θ∞ without the term of Σ̇."""
    first, second = (two_layer_ntk(X, W1, W2, activation=activation, block=block) for block in ("first", "second"))
    outputs = np.eye(W2.shape[-1])
    first_limit = np.kron(limit[f"first_{activation}"], outputs)
    second_limit = np.kron(limit[f"second_{activation}"], outputs)
    whole, whole_limit = first + second, first_limit + second_limit
    yield {"block": "first", "limit": "complete"}, _relative(first, first_limit)
    yield {"block": "second", "limit": "complete"}, _relative(second, second_limit)
    yield {"block": "all", "limit": "complete"}, _relative(whole, whole_limit)
    yield {"block": "all", "limit": "without the first layer"}, _relative(whole, second_limit)


def _relative(kernels: Array, limit: NDArray[Any]) -> Array:
    distance: Array = np.linalg.norm(kernels - limit, axis=(-2, -1)) / np.linalg.norm(limit)
    return distance


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_kernel_limit", CompareKernelLimitSettings, compute)
