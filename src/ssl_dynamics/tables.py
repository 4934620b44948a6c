"""Tables of comparisons: Richardson combinations, tidy rows, distances of spans, slopes, ranks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis.rank import effective_rank
from ssl_dynamics.analysis.subspaces import combined_projector_norm, common_coordinates, richardson_weights, sines_to

Array = NDArray[np.float64]

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


def tidy_rows(values: dict[str, Array], times: NDArray[Any], **columns: NDArray[Any] | float | str) -> pd.DataFrame:
    """One row for each seed and time; `values` (S, T), further columns (T,) or one for all, times (T,) or (S, T)."""
    shape = next(iter(values.values())).shape
    seeds, moments = np.broadcast_arrays(np.arange(shape[0])[:, None], times)
    ordered = {**columns, "seed": seeds, "time": moments, **values}
    return pd.DataFrame({name: np.broadcast_to(np.asarray(column), shape).ravel() for name, column in ordered.items()})


def projector_table(
    trained: Sequence[Array], predicted: Array, wrong: Mapping[str, Array], times: Array, learning_rates: Array
) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between projectors as trained at each step size, or extrapolated, and as predicted.

    `error`, and `error_NAME` for each of the wrong predictions. Bases (S, T, d, z), those of training finest step
    size first.
    """
    small = common_coordinates([*trained, predicted, *wrong.values()])
    targets = dict(zip(("error", *(f"error_{name}" for name in wrong)), small[len(trained) :], strict=True))
    tables = []
    for level, weights in combinations(len(learning_rates)):
        combined = small[level : level + len(weights)][::-1]
        errors = {
            name: combined_projector_norm([*combined, target], [*weights, -1.0]) for name, target in targets.items()
        }
        tables.append(
            tidy_rows(
                errors,
                times,
                learning_rate=learning_rates[level],
                extrapolations=len(weights) - 1,
            )
        )
    return pd.concat(tables)


def gram_table(
    trained: Sequence[Array], predicted: Array, wrong: Mapping[str, Array], times: Array, learning_rates: Array
) -> pd.DataFrame:
    """‖WWᵀ − FFᵀ‖_F/‖FFᵀ‖_F of weights and Gram factors F, predicted or wrongly so; else as `projector_table`."""
    table = projector_table(trained, predicted, wrong, times, learning_rates)
    for name, F in {"error": predicted, **{f"error_{name}": F for name, F in wrong.items()}}.items():
        # Over and over: each combination of step sizes has its rows in the order of (S, T).
        table[name] /= np.resize(combined_projector_norm([F], [1.0]), len(table))
    return table


def slope_table(
    measured: Sequence[Array],
    discrete: Sequence[Array],
    continuous: Array,
    *,
    times: Array,
    late: NDArray[np.int64],
    learning_rates: Array,
) -> pd.DataFrame:
    """Late slope of ln(σ_2/σ_1) at each step size: as trained, of the exact discrete solution, and of the flow.

    `measured` (S, T), finest step size first; `discrete`, as many, and `continuous` (S, T, z) are logarithms of
    singular values; `late` (S, 2) the first and last checkpoint of the late window of each seed.
    """

    def slope(curve: Array) -> Array:
        return np.diff(np.take_along_axis(curve, late, axis=1)) / np.diff(times[late])

    return pd.concat(
        tidy_rows(
            {
                "slope": slope(measured[level]),
                "discrete": slope(log_ratio(discrete[level])),
                "continuous": slope(log_ratio(continuous)),
            },
            times[late[:, 1:]],
            learning_rate=learning_rate,
        )
        for level, learning_rate in enumerate(learning_rates)
    )


def log_ratio(log_values: Array) -> Array:
    """ln(σ_2/σ_1) from logarithms of singular values (..., z), largest first."""
    return log_values[..., 1] - log_values[..., 0]


def rank_table(
    W: Array, times: Array, *, anchor: Array, leading: Array, eigenvalues: Array, predicted: Array | None = None
) -> pd.DataFrame:
    """Effective rank of the representations U = XW of the anchors; predicted where the closed form is a subspace.

    `limit_rank` is that of the leading eigenspace of C; `misalignment` the largest sine, over the columns of U, of the
    angle to the top eigenfunction Xv_1. W and `predicted` (S, T, d, z); `leading` (d, z), of C with these eigenvalues.
    """
    R = np.linalg.qr(anchor, mode="r")  # the singular values of XW, and angles, are those of RW
    U = R @ W
    values = {
        "effective_rank": effective_rank(U),
        "misalignment": sines_to(U, R @ leading[:, 0]).max(-1),
    }
    limit_rank = float(effective_rank(R @ leading))
    if predicted is not None:
        values["predicted"] = effective_rank(R @ predicted)
    return tidy_rows(values, times, gap_time=times * first_gap(eigenvalues), limit_rank=limit_rank)


def first_gap(eigenvalues: Array) -> float:
    """λ_2 − λ_1, the rate of the collapse."""
    return float(eigenvalues[1] - eigenvalues[0])
