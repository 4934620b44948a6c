"""What the comparisons share: Richardson combinations, tidy rows, distances of spans, slopes, ranks, labels."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import (
    combined_projector_norm,
    common_coordinates,
    effective_rank,
    richardson_weights,
    sines_to,
)
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


def extrapolated(values: Sequence[Array], level: int, weights: Array) -> Array:
    """Richardson combination of values at step sizes from `level` on, finest first, for weights coarsest first."""
    combined: Array = np.tensordot(weights, np.stack(values[level : level + len(weights)][::-1]), 1)
    return combined


def tidy_rows(values: dict[str, Array], times: Array, **columns: Array | float | str) -> pd.DataFrame:
    """One row for each seed and time; `values` (S, T), further columns (T,) or one for all."""
    shape = next(iter(values.values())).shape
    seeds, moments = np.broadcast_arrays(np.arange(shape[0])[:, None], times[None, :])
    ordered = {**columns, "seed": seeds, "time": moments, **values}
    return pd.DataFrame({name: np.broadcast_to(np.asarray(column), shape).ravel() for name, column in ordered.items()})


def projector_table(
    trained: Sequence[Array], predicted: Array, control: Array, times: Array, learning_rates: Array
) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between projectors as trained at each step size, or extrapolated, and as predicted.

    Bases (S, T, d, z), those of training finest step size first.
    """
    *small, basis, wrong = common_coordinates([*trained, predicted, control])
    tables = []
    for level, weights in combinations(len(learning_rates)):
        combined = small[level : level + len(weights)][::-1]
        error, error_control = (
            combined_projector_norm([*combined, target], [*weights, -1.0]) for target in (basis, wrong)
        )
        tables.append(
            tidy_rows(
                {"error": error, "error_control": error_control},
                times,
                learning_rate=learning_rates[level],
                extrapolations=len(weights) - 1,
            )
        )
    return pd.concat(tables)


def slope_table(
    measured: Sequence[Array], discrete: Sequence[Array], continuous: Array, solution: Arrays, learning_rates: Array
) -> pd.DataFrame:
    """Late slope of ln(σ_2/σ_1) at each step size: as trained, of the exact discrete solution, and of the flow.

    `measured` (S, T), finest step size first; `discrete` (S, 2, z), at the ends of the late window, and `continuous`
    (S, T, z) are logarithms of singular values.
    """
    late = solution["late"]
    duration = np.diff(solution["times"][late])
    continuous_slope = np.diff(log_ratio(continuous[:, late])) / duration
    return pd.concat(
        tidy_rows(
            {
                "slope": np.diff(measured[level][:, late]) / duration,
                "discrete": np.diff(log_ratio(discrete[level])) / duration,
                "continuous": continuous_slope,
            },
            solution["times"][late[1:]],
            learning_rate=learning_rate,
        )
        for level, learning_rate in enumerate(learning_rates)
    )


def log_ratio(log_values: Array) -> Array:
    """ln(σ_2/σ_1) from logarithms of singular values (..., z), largest first."""
    return log_values[..., 1] - log_values[..., 0]


def rank_table(trajectories: Arrays, solution: Arrays, anchor: Array) -> pd.DataFrame:
    """Effective rank of the representations U = XW of the anchors; predicted where the closed form is a subspace.

    `limit_rank` is that of the bottom-z eigenspace of C; `misalignment` the largest sine, over the columns of U, of the
    angle to the top eigenfunction Xv_1.
    """
    R = np.linalg.qr(anchor, mode="r")  # the singular values of XW, and angles, are those of RW
    U = R @ whole_trajectory(trajectories)
    values = {
        "effective_rank": effective_rank(U),
        "misalignment": sines_to(U, R @ solution["leading"][:, 0]).max(-1),
    }
    limit_rank = float(effective_rank(R @ solution["leading"]))
    if "basis" in solution:
        values["predicted"] = effective_rank(R @ solution["basis"])
    times = solution["times"]
    return tidy_rows(values, times, gap_time=times * first_gap(solution), limit_rank=limit_rank)


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
