"""Independent triplets, as many as asked for: what a finite sample is a sample of."""

from collections.abc import Callable

import numpy as np

from ssl_dynamics.problem.augmentations import augment
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.settings import DatasetSettings, GaussianMixture
from ssl_dynamics.problem.triplets import Triplets

Sampler = Callable[[int, np.random.Generator], Triplets]


def triplet_sampler(settings: DatasetSettings, name: str, root_seed: int) -> Sampler:
    """Function (n, random) -> n independent triplets from the population that the settings name.

    A Gaussian mixture gives new items at every call, less its exact mean. Any other data set is itself the population:
    anchors are uniform over the train items, with replacement (`draw_triplets` lets no item recur before all have
    served, so that its sample exhausts the items), negatives uniform over the others. Raises ValueError for fewer than
    two items.
    """
    dataset = load(settings, name, root_seed)
    count = len(dataset.train)
    if count < 2:
        raise ValueError(f"the train part has {count} items; expected at least 2 to draw negatives from")
    source = mixture(settings, name, root_seed) if isinstance(settings, GaussianMixture) else None

    def sample(n: int, random: np.random.Generator) -> Triplets:
        if source is not None:
            mean = source.means.mean(axis=0) if settings.center else 0.0
            anchor, negative = (source.sample(n, random)[0] - mean for _ in range(2))
        else:
            anchors = random.integers(count, size=n)
            anchor = dataset.train[anchors]
            negative = dataset.train[(anchors + random.integers(1, count, size=n)) % count]
        views = augment(
            anchor, settings.augmentations, random, image_shape=dataset.image_shape, background=dataset.background
        )
        return Triplets(anchor, views, negative)

    return sample
