"""Distances of tangent kernels from their limit beside what is predicted for them, in one table."""

import numpy as np
import pandas as pd

from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.kernel_limit.design import Distances, Limit


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_kernel_limit`."""
    distances, limit = Distances.load(job.input("distances")), Limit.load(job.input("limit"))
    write_tables(job, "kernel_limit", {"kernel_limit": distances_table(distances, limit, job.settings.dimension)})


def distances_table(distances: Distances, limit: Limit, z: int) -> pd.DataFrame:
    """One row for each width, activation, block and repetition.

    `error` is the root of the mean of ‖Θ_h − Θ∞‖_F² over its nets, relative to ‖Θ∞‖_F, and `ratio` that mean over the
    predicted one. Control: the whole against the output layer's limit alone.
    """
    tables = []
    for j, activation in enumerate(distances.activations):
        first, second = limit.first[activation], limit.second[activation]
        whole, variance = first + second, limit.whole_variance[activation]
        kinds = [
            ("first", "complete", first, limit.first_variance[activation], distances.first),
            ("second", "complete", second, limit.second_variance[activation], distances.second),
            ("all", "complete", whole, variance, distances.whole),
            ("all", "without the first layer", second, variance, distances.whole_control),
        ]
        for i, width in enumerate(distances.widths):
            for block, name, kernel, square, found in kinds:
                columns = {
                    "width": width,
                    "activation": activation,
                    "block": block,
                    "limit": name,
                    "error": np.sqrt(found[i, j] / z) / np.linalg.norm(kernel),
                    "ratio": width * found[i, j] / square,
                }
                tables.append(pd.DataFrame({"seed": np.arange(found.shape[-1]), **columns}))
    return pd.concat(tables)
