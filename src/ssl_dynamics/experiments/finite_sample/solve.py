"""Bottom eigenvectors of C from samples of growing size; those of the population, and what it predicts of samples."""

import numpy as np
from scipy.linalg import eigh

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.finite_sample.config import SolveSettings
from ssl_dynamics.experiments.finite_sample.design import Array, Spans
from ssl_dynamics.problem.forms import factors_of, form_of
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.sampling import triplet_sampler
from ssl_dynamics.settings.data import GaussianMixture
from ssl_dynamics.theory import pair_variance

CHUNK = 8000  # triplets that are held at once
CHUNKS_OF_VARIANCE = 4  # from which variances are taken: 1 to 2 % off in each coordinate, less in their mean


def solve(job: Job[SolveSettings]) -> None:
    """Stage `sample_spans`."""
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
                total = total + count * form_of(sample(count, random), settings.loss)
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
    eigenvalues, reference = eigh(population)
    job.log.info("lowest eigenvalues of the reference: %s", np.array2string(eigenvalues[: z + 1], precision=4))
    random = stream(settings.root_seed, "finite-sample", settings.dataset_name, settings.loss, "variance")
    drawn = (factors_of(sample(CHUNK, random), settings.loss) for _ in range(CHUNKS_OF_VARIANCE))
    variance = np.mean([pair_variance(reference, x, y, z) for x, y in drawn], axis=0)
    progress.advance()
    Spans(
        spans=spans,
        sizes=np.array(finite.sizes, dtype=np.float64),
        reference=reference,
        eigenvalues=eigenvalues,
        reference_size=size,
        variance=variance,
    ).save(job.output("spans"))


def bottom(C: Array, z: int) -> tuple[Array, Array]:
    """The z smallest eigenvalues of C and their eigenvectors (d, z)."""
    eigenvalues, vectors = eigh(C, subset_by_index=(0, z - 1))
    return eigenvalues, vectors
