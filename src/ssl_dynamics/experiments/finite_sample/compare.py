"""How far the span learned from n triplets is from that of the population."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import principal_angles
from ssl_dynamics.analysis.tables import tidy_rows
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.finite_sample.design import Spans


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_finite_sample`."""
    table = sine_table(Spans.load(job.input("spans")), job.settings.dimension)
    write_tables(job, "finite_sample", {"sines": table})


def sine_table(sampled: Spans, z: int) -> pd.DataFrame:
    """Sin θ_max of every resample (column `seed`) and size n, to the reference and, as control, to a rough one.

    `inverse_size` is 1/n + 1/N: the reference is itself a sample of N triplets where the population is not known. The
    rough reference, from as few triplets as the smallest n, has 1/n alone.
    """
    spans = sampled.spans[..., :z]
    values = {
        name: np.sin(principal_angles(spans, reference[:, :z])[..., 0])
        for name, reference in (("sine", sampled.reference), ("sine_control", sampled.rough))
    }
    inverse = 1 / sampled.sizes + 1 / sampled.reference_size
    return tidy_rows(values, sampled.sizes, inverse_size=inverse).rename(columns={"time": "triplets"})
