"""Distances of tangent kernels from their limit, in one table."""

import numpy as np
import pandas as pd

from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.kernel_limit.design import Distances


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_kernel_limit`."""
    distances = Distances.load(job.input("distances"))
    write_tables(job, "kernel_limit", {"kernel_limit": distances_table(distances)})


def distances_table(distances: Distances) -> pd.DataFrame:
    """One row for each width, activation, block and seed. Control: the whole against the output layer's limit alone."""
    kinds = [
        ("first", "complete", distances.first),
        ("second", "complete", distances.second),
        ("all", "complete", distances.whole),
        ("all", "without the first layer", distances.whole_control),
    ]
    tables = []
    for i, width in enumerate(distances.widths):
        for j, activation in enumerate(distances.activations):
            for block, limit, errors in kinds:
                columns = {"width": width, "activation": activation, "block": block, "limit": limit}
                tables.append(pd.DataFrame({"seed": np.arange(errors.shape[-1]), **columns, "error": errors[i, j]}))
    return pd.concat(tables)
