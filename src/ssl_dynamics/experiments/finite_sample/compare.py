"""How far the span learned from n triplets is from that of the population."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import graph_over, principal_angles
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.finite_sample.config import NO_NOISE
from ssl_dynamics.experiments.finite_sample.design import Spans
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_finite_sample`."""
    table = sine_table(Spans.load(job.input("spans")), job.settings.dimension)
    write_tables(job, "finite_sample", {"sines": table})


def sine_table(sampled: Spans, z: int) -> pd.DataFrame:
    """Sin θ_max to the reference, and coordinates over their prediction, of every resample (column `seed`) and size n.

    `ratio` is the mean of G_jk² over its predicted variance, all coordinates that have one; `predicted` the E ‖δP‖²/2
    that follows. Both are in proportion to `inverse_size`, 1/n + 1/N: the reference is itself a sample of N triplets
    where the population is not known.
    """
    spans = sampled.spans[..., :z]
    inverse = 1 / sampled.sizes + 1 / sampled.reference_size
    gaps = sampled.eigenvalues[z:, None] - sampled.eigenvalues[None, :z]
    variance = sampled.variance[z:, :z] / gaps**2
    noisy = variance > NO_NOISE * variance.max()
    squares = graph_over(sampled.reference, spans) ** 2
    values = {
        "sine": np.sin(principal_angles(spans, sampled.reference[:, :z])[..., 0]),
        "ratio": (squares[..., noisy] / variance[noisy]).mean(axis=-1) / inverse,
    }
    return tidy_rows(values, sampled.sizes, inverse_size=inverse, predicted=inverse * variance.sum()).rename(
        columns={"time": "triplets"}
    )
