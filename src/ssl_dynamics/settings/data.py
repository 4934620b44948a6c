"""Typed settings of the data: where the images come from, how views are made, how many triplets."""

import zipfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from ssl_dynamics.settings import Settings

Fraction = Annotated[float, Field(ge=0, le=1)]


def _increasing(values: list[float]) -> list[float]:
    if sorted(set(values)) != values:
        raise ValueError("must increase")
    return values


Increasing = AfterValidator(_increasing)  # of a list of numbers


class Shift(Settings):
    """Move the image by up to `pixels` in each direction, independently and uniformly; zeros come in."""

    kind: Literal["shift"]
    pixels: PositiveInt


class Crop(Settings):
    """Cut a random square window of side fraction uniform in [smallest, 1] and scale it back (bilinear)."""

    kind: Literal["crop"]
    smallest: Annotated[float, Field(gt=0, le=1)]


class Flip(Settings):
    """Mirror the image left to right with the given probability."""

    kind: Literal["flip"]
    probability: Fraction = 0.5


class Noise(Settings):
    """Add independent Gaussian noise to every value."""

    kind: Literal["noise"]
    standard_deviation: Annotated[float, Field(gt=0)]


class Erasing(Settings):
    """Set to zero, with the given probability, a random rectangle with sides uniform up to `largest` of the image's."""

    kind: Literal["erasing"]
    largest: Annotated[float, Field(gt=0, le=1)]
    probability: Fraction = 1.0


Augmentation = Annotated[Shift | Crop | Flip | Noise | Erasing, Field(discriminator="kind")]


class _Dataset(Settings):
    triplets: Annotated[int, Field(ge=2, le=1_000_000, description="number n of (anchor, positive, negative) triplets")]
    augmentations: Annotated[list[Augmentation], Field(description="applied in order to make the positive view")]
    center: Annotated[bool, Field(description="subtract the mean of the train part from every item")] = True


class FashionMnist(_Dataset):
    """The subset of Fashion-MNIST that is shipped with the package: 4,000 train and 2,000 test images, 28 x 28."""

    source: Literal["fashion-mnist"]


class Digits(_Dataset):
    """scikit-learn's digits: 1,797 images, 8 x 8; the last 20 % of every class are the test part."""

    source: Literal["digits"]


class Idx(_Dataset):
    """Any IDX files of images (and labels), such as the full MNIST or Fashion-MNIST."""

    source: Literal["idx"]
    images: Path
    labels: Path | None = None
    test_images: Path | None = None
    test_labels: Path | None = None

    @model_validator(mode="after")
    def _labels_need_images(self) -> "Idx":
        if self.test_labels is not None and self.test_images is None:
            raise ValueError("test_labels needs test_images")
        return self

    def files(self) -> list[Path]:
        named = (self.images, self.labels, self.test_images, self.test_labels)
        return [path for path in named if path is not None]


class Npz(_Dataset):
    """Arrays of one's own: `train` (n, d) or (n, height, width); optionally `train_labels`, `test`, `test_labels`."""

    source: Literal["npz"]
    path: Path

    def files(self) -> list[Path]:
        return [self.path]

    def names(self) -> set[str]:
        """Of its arrays; none where the file is damaged or missing, which is reported when the data are loaded."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                return {name.removesuffix(".npy") for name in archive.namelist()}
        except (OSError, zipfile.BadZipFile):
            return set()


class GaussianMixture(_Dataset):
    """Gaussian clusters whose population quadratic form is known in closed form (see `problem.mixture`)."""

    source: Literal["gaussian-mixture"]
    dimension: Annotated[int, Field(ge=2)]
    components: PositiveInt
    separation: Annotated[float, Field(ge=0, description="scale of the cluster means")]
    decay: Annotated[float, Field(gt=0, le=1, description="ratio of successive within-cluster variances")]
    items: PositiveInt
    test_items: PositiveInt

    @model_validator(mode="after")
    def _means_fit(self) -> "GaussianMixture":
        if self.components > self.dimension:
            raise ValueError(f"components ({self.components}) must not exceed dimension ({self.dimension})")
        return self


DatasetSettings = Annotated[
    FashionMnist | Digits | Idx | Npz | GaussianMixture,
    Field(discriminator="source"),
]


class Points(Settings):
    """The points on which nets of large width are studied: a few triplets of each data set, in principal components."""

    datasets: Annotated[list[str], Field(min_length=1, description="the data sets that are studied so")]
    triplets: Annotated[int, Field(ge=2, description="the first n triplets of each: 3n points")]
    components: Annotated[PositiveInt, Field(description="leading principal components kept, at most")]
