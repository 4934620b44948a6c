"""Triplets drawn from a data set: those that models are trained on, and independent ones, as many as asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ssl_dynamics.problem.augmentations import augment
from ssl_dynamics.problem.datasets import Dataset, load
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.triplets import Triplets

if TYPE_CHECKING:  # the library needs no pydantic
    from ssl_dynamics.settings.data import DatasetSettings

Sampler = Callable[[int, np.random.Generator], Triplets]


def draw_triplets(dataset: Dataset, settings: DatasetSettings, random: np.random.Generator) -> Triplets:
    """Draw `settings.triplets` triplets from the train part (docs/theory.md §1).

    Anchors go through random orders of the items, so that no item recurs before all have served; the
    positive is an augmentation of the anchor; the negative is another item, uniform over all the others.
    Raises ValueError if the train part has fewer than two items.
    """
    count, n = len(dataset.train), settings.triplets
    if count < 2:
        raise ValueError(f"the train part has {count} items; expected at least 2 to draw negatives from")
    orders = [random.permutation(count) for _ in range(-(-n // count))]
    anchors = np.concatenate(orders)[:n]
    negatives = (anchors + random.integers(1, count, size=n)) % count
    positive = augment(
        dataset.train[anchors],
        settings.augmentations,
        random,
        image_shape=dataset.image_shape,
        background=dataset.background,
    )
    return Triplets(dataset.train[anchors], positive, dataset.train[negatives])


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
    source = mixture(settings, name, root_seed) if settings.source == "gaussian-mixture" else None

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
