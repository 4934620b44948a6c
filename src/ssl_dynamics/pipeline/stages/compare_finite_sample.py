"""Stage `compare_finite_sample`: how far the span learned from n triplets is from that of the population."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import principal_angles
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import tidy_rows, write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main


def compute(job: Job[CompareSettings]) -> None:
    table = sine_table(read_arrays(job.input("spans")), job.settings.dimension)
    write_tables(job, "finite_sample", {"sines": table})


def sine_table(sampled: Arrays, z: int) -> pd.DataFrame:
    """Sin θ_max of every resample (column `seed`) and size n, to the reference and, as control, to a rough one.

    `inverse_size` is 1/n + 1/N: the reference is itself a sample of N triplets where the population is not known. The
    rough reference, from as few triplets as the smallest n, has 1/n alone.
    """
    spans = sampled["spans"][..., :z]
    values = {
        name: np.sin(principal_angles(spans, sampled[reference][:, :z])[..., 0])
        for name, reference in (("sine", "reference"), ("sine_control", "rough"))
    }
    sizes = sampled["sizes"]
    inverse = 1 / sizes + 1 / sampled["reference_size"]
    return tidy_rows(values, sizes, inverse_size=inverse).rename(columns={"time": "triplets"})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_finite_sample", CompareSettings, compute)
