"""What the comparisons of both dynamics share: Richardson combinations, tidy rows, effective rank, labels."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import effective_rank, richardson_weights
from ssl_dynamics.pipeline.artifacts import Arrays, write_table
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job

Array = NDArray[np.float64]
C = TypeVar("C", bound=CompareSettings)

STEP_RATIO = 2.0  # step sizes are halved from level to level
MOST_EXTRAPOLATIONS = 2


def combinations(levels: int) -> Iterator[tuple[int, Array]]:
    """Finest level and Richardson weights (coarsest first) of every run and every extrapolation."""
    for extrapolations in range(MOST_EXTRAPOLATIONS + 1):
        for level in range(levels - extrapolations):
            yield level, richardson_weights(STEP_RATIO, extrapolations)


def tidy_rows(values: dict[str, Array], times: Array, **columns: Array | float) -> pd.DataFrame:
    """One row for each seed and time; `values` (S, T), further columns (T,) or one for all."""
    shape = next(iter(values.values())).shape
    seeds, moments = np.broadcast_arrays(np.arange(shape[0])[:, None], times[None, :])
    ordered = {**columns, "seed": seeds, "time": moments, **values}
    return pd.DataFrame({name: np.broadcast_to(np.asarray(column), shape).ravel() for name, column in ordered.items()})


def rank_table(trajectories: Arrays, solution: Arrays, anchor: Array) -> pd.DataFrame:
    """Effective rank of the representations U = XW of the anchors; predicted where the closed form is a subspace."""
    R = np.linalg.qr(anchor, mode="r")  # the singular values of XW are those of RW
    values = {"effective_rank": effective_rank(R @ whole_trajectory(trajectories))}
    if "basis" in solution:
        values["predicted"] = effective_rank(R @ solution["basis"])
    times = solution["times"]
    return tidy_rows(values, times, gap_time=times * first_gap(solution))


def whole_trajectory(trajectories: Arrays) -> Array:
    """Weights (S, T, d, z) at all checkpoints: the run at the finest step size and, where it went on, its late part."""
    parts = [trajectories[name] for name in ("weights_0", "weights_late") if name in trajectories]
    return np.concatenate(parts, axis=1)


def first_gap(solution: Arrays) -> float:
    """λ_2 − λ_1, the rate of the collapse."""
    return float(solution["eigenvalues"][1] - solution["eigenvalues"][0])


def write_tables(job: Job[C], dynamics: str, tables: dict[str, pd.DataFrame]) -> None:
    """Write each table to the output of its name, every row labelled with its cell."""
    settings = job.settings
    labels: dict[str, str | int] = {
        "dataset": settings.dataset_name,
        "loss": settings.loss,
        "dimension": settings.dimension,
        "dynamics": dynamics,
    }
    for name, table in tables.items():
        write_table(job.output(name), table.assign(**labels)[[*labels, *table.columns]])
