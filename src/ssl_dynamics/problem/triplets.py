"""Triplets (anchor, positive, negative): the data that every self-supervised loss sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.problem.augmentations import augment
from ssl_dynamics.problem.datasets import Dataset
from ssl_dynamics.problem.settings import DatasetSettings

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Triplets:
    """Row i of each: an anchor x_i, a view x_i⁺ of the same item, an independent item x_i⁻; (n, d) float64."""

    anchor: Array
    positive: Array
    negative: Array


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
