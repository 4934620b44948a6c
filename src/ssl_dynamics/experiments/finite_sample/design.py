"""What the spans of samples are handed on in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spans(ArrayFile):
    """Bottom eigenvectors of C, as many as the largest dimension z, from samples of growing size."""

    spans: Array  # (resamples, sizes, d, z)
    sizes: Array  # numbers n of triplets
    reference: Array  # (d, d), all eigenvectors of the population, or of the sample in its place
    eigenvalues: Array  # (d,) theirs
    reference_size: float  # N triplets; infinite where it is the population
    variance: Array  # (d, z) Var(v_jᵀcv_k) of the form c of one triplet, over as many as the reference has
