"""Stage `sample_spans`: bottom eigenvectors of C from samples of growing size, and those of the population."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from ssl_dynamics.pipeline.artifacts import write_arrays
from ssl_dynamics.pipeline.settings import SampleSpansSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.sampling import triplet_sampler
from ssl_dynamics.problem.settings import GaussianMixture
from ssl_dynamics.problem.streams import stream

Array = NDArray[np.float64]

CHUNK = 8000  # triplets that are held at once


def compute(job: Job[SampleSpansSettings]) -> None:
    settings, finite = job.settings, job.settings.finite_sample
    sample = triplet_sampler(settings.dataset, settings.dataset_name, settings.root_seed)
    z = max(finite.dimensions)
    progress = Progress(job, finite.resamples + 2)

    def forms(sizes: list[int], *name: str | int) -> Array:
        """C (N, d, d) from the first n triplets of one stream, for each n."""
        random = stream(settings.root_seed, "finite-sample", settings.dataset_name, settings.loss, *name)
        total, drawn, found = np.zeros(()), 0, []
        for n in sizes:
            while drawn < n:
                count = min(n - drawn, CHUNK)
                part = sample(count, random)
                negative = part.negative if settings.loss == "contrastive" else None
                total = total + count * quadratic_form(part.anchor, part.positive, negative, loss=settings.loss)
                drawn += count
            found.append(total / n)
        progress.advance()
        return np.stack(found)

    spans = np.stack(
        [[bottom(C, z)[1] for C in forms(finite.sizes, "resample", number)] for number in range(finite.resamples)]
    )
    if isinstance(settings.dataset, GaussianMixture):
        source = mixture(settings.dataset, settings.dataset_name, settings.root_seed)
        population = source.population_quadratic_form(settings.loss, centered=settings.dataset.center)
        size = np.inf
    else:
        (population,) = forms([finite.reference], "reference")
        size = float(finite.reference)
    (rough,) = forms(finite.sizes[:1], "rough")
    eigenvalues, reference = bottom(population, z)
    job.log.info("lowest eigenvalues of the reference: %s", np.array2string(eigenvalues, precision=4))
    write_arrays(
        job.output("spans"),
        {
            "spans": spans,
            "sizes": np.array(finite.sizes, dtype=np.float64),
            "reference": reference,
            "reference_size": np.array(size),
            "rough": bottom(rough, z)[1],
        },
    )


def bottom(C: Array, z: int) -> tuple[Array, Array]:
    """The z smallest eigenvalues of C and their eigenvectors (d, z)."""
    eigenvalues, vectors = eigh(C, subset_by_index=(0, z - 1))
    return eigenvalues, vectors


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.sample_spans", SampleSpansSettings, compute)
