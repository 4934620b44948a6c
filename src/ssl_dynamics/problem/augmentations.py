"""Augmentations that make the positive view of an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the library needs no pydantic
    from ssl_dynamics.settings.data import Augmentation, Crop, Erasing, Flip, Shift

Array = NDArray[np.float64]


def augment(
    items: Array,
    augmentations: Sequence[Augmentation],
    random: np.random.Generator,
    *,
    image_shape: tuple[int, int] | None,
    background: Array,
) -> Array:
    """Apply the augmentations, in order and independently to every row of `items`.

    items (n, d) float64; rows are images of `image_shape`, flattened, or plain vectors (None), which noise
    alone can augment. `background` (d,) is the value of an empty pixel (minus the mean of centred images).
    Raises ValueError where an augmentation needs images and the items are none.
    """
    for augmentation in augmentations:
        if augmentation.kind == "noise":
            items = items + augmentation.standard_deviation * random.standard_normal(items.shape)
        elif image_shape is None:
            raise ValueError(f"augmentation '{augmentation.kind}' needs images, not plain vectors: use noise")
        else:
            # Geometry acts on the raw image, where empty is zero, whatever was subtracted to centre it.
            images = (items - background).reshape(-1, *image_shape)
            items = _augment_images(images, augmentation, random).reshape(items.shape) + background
    return items


def _augment_images(images: Array, augmentation: Shift | Crop | Flip | Erasing, random: np.random.Generator) -> Array:
    match augmentation.kind:
        case "shift":
            return _shift(images, augmentation, random)
        case "crop":
            return _crop(images, augmentation, random)
        case "flip":
            return _flip(images, augmentation, random)
        case "erasing":
            return _erasing(images, augmentation, random)


def _shift(images: Array, settings: Shift, random: np.random.Generator) -> Array:
    n, height, width = images.shape
    p = settings.pixels
    padded = np.pad(images, ((0, 0), (p, p), (p, p)))
    top, left = random.integers(0, 2 * p + 1, size=(2, n))
    rows = top[:, None] + np.arange(height)
    columns = left[:, None] + np.arange(width)
    shifted: Array = padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return shifted


def _crop(images: Array, settings: Crop, random: np.random.Generator) -> Array:
    from scipy.ndimage import affine_transform  # noqa: PLC0415 -- few crop, and it takes a quarter of a second

    n, height, width = images.shape
    scales = settings.smallest + (1.0 - settings.smallest) * np.asarray(random.random(n))
    corners = random.random((n, 2)) * (1.0 - scales)[:, None] * (np.array([height, width]) - 1)
    cropped = np.empty_like(images)
    for i in range(n):  # scipy transforms one image at a time
        top, left = corners[i]
        cropped[i] = affine_transform(images[i], np.full(2, scales[i]), offset=(top, left), order=1)
    return cropped


def _flip(images: Array, settings: Flip, random: np.random.Generator) -> Array:
    mirrored = np.asarray(random.random(len(images))) < settings.probability
    return np.where(mirrored[:, None, None], images[:, :, ::-1], images)


def _erasing(images: Array, settings: Erasing, random: np.random.Generator) -> Array:
    n, height, width = images.shape
    erased = np.asarray(random.random(n)) < settings.probability
    inside = []
    for size in (height, width):
        length = np.ceil(random.random(n) * settings.largest * size)
        start = np.floor(random.random(n) * (size - length + 1))
        position = np.arange(size)
        inside.append((position >= start[:, None]) & (position < (start + length)[:, None]))
    rectangle = inside[0][:, :, None] & inside[1][:, None, :] & erased[:, None, None]
    return np.where(rectangle, 0.0, images)
