"""Measure of how far the span of a finite sample is from that of the population."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.claims.verdict import Measure
from ssl_dynamics.experiments.finite_sample.config import SMALL_SINE


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
