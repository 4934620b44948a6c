"""Measures of the noise of mini-batches."""

import numpy as np
import pandas as pd

from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.experiments.mini_batch.config import NOISE_SHARE, SMALL_DEVIATION


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
