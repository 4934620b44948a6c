"""Measures of A5 that speak of noise: finite samples and mini-batches."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import Measure

SMALL_SINE = 0.5  # perturbation theory holds for the span where the mean of sin θ is below
SMALL_DEVIATION = 0.2  # noise adds up linearly below; the distance saturates above 0.3
NOISE_SHARE = 0.9  # of the squared deviation, where noise is said to dominate


def sample_exponent(sine: str, size: str) -> Measure:
    """Slope of ln(sin θ_max) in ln(`size`), over the sizes where the mean of sin θ_max is below 1/2; nan if < 3."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        sines = rows.pivot_table(index="seed", columns=size, values=sine)
        sizes = rows.pivot_table(index="seed", columns=size, values="sine").mean()
        used = sines[sizes.index[sizes < SMALL_SINE]]
        if used.shape[1] < 3:
            return pd.Series(np.nan, index=sines.index)
        return pd.Series(fitted_order(used.columns.to_numpy(), used.to_numpy()), index=sines.index)

    return measure


def noise_exponent(variable: str, deviation: str) -> Measure:
    """Exponent of `step` or of `batch` in the deviation, by least squares in ln η and ln B over the noise window.

    nan where the window does not vary both.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        window = _noise_window(rows)
        window = window[window["fitted"]]
        if min(window["step"].nunique(), window["batch"].nunique()) < 2:
            return pd.Series(np.nan, index=sorted(rows["seed"].unique()))
        exponents = {}
        for seed, part in window.groupby("seed"):
            logs = np.log(part[["step", "batch"]].to_numpy(dtype=np.float64))
            design = np.column_stack([logs, np.ones(len(logs))])
            solution = np.linalg.lstsq(design, np.log(part[deviation].to_numpy()), rcond=None)[0]
            exponents[seed] = solution[["step", "batch"].index(variable)]
        return pd.Series(exponents)

    return measure


def noise_prediction(*, noise: bool) -> Measure:
    """Squared deviation over its prediction (aη)² + b²η/B, mean over the cells of the window that were not fitted.

    aη is the deviation of the full batch, b² one number from the fitted cells of all seeds; without `noise`, b = 0.
    """

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        window = _noise_window(rows)
        fitted, tested = window[window["fitted"]], window[~window["fitted"]]
        excess = (fitted["deviation"] ** 2 - fitted["deviation_full"] ** 2) * fitted["batch"] / fitted["step"]
        b_squared = float(excess.mean()) if noise else 0.0
        predicted = tested["deviation_full"] ** 2 + b_squared * tested["step"] / tested["batch"]
        return (tested["deviation"] ** 2 / predicted).groupby(tested["seed"]).mean()

    return measure


def _noise_window(rows: pd.DataFrame) -> pd.DataFrame:
    """Cells (η, B) where, over the seeds, the deviation is small and noise makes most of it."""
    squares = (rows[["deviation", "deviation_full"]] ** 2).groupby([rows["step"], rows["batch"]]).transform("mean")
    small = squares["deviation"] < SMALL_DEVIATION**2
    noisy = squares["deviation_full"] < (1 - NOISE_SHARE) * squares["deviation"]
    used: pd.DataFrame = rows[small & noisy]
    return used
