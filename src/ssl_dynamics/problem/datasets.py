"""Data sets: the shipped Fashion-MNIST subset, scikit-learn's digits, IDX and NPZ files, Gaussian mixtures."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass, replace
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.extras import needs
from ssl_dynamics.problem.idx import read_idx
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.rng import stream

if TYPE_CHECKING:  # the library needs no pydantic
    from ssl_dynamics.settings.data import DatasetSettings, GaussianMixture, Idx

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

FEWEST_ITEMS = 2  # a negative is another item
LARGEST = 1e70  # of all values; its inverse is the least that the largest may be


@dataclass(frozen=True)
class Dataset:
    """Items as rows, float64; images are flattened and scaled to [0, 1]. Parts that a source lacks have no rows."""

    train: Array  # (n, d)
    train_labels: Labels  # (n,) or (0,)
    test: Array  # (m, d)
    test_labels: Labels  # (m,) or (0,)
    image_shape: tuple[int, int] | None  # (height, width), None where the items are not images
    background: Array  # (d,) value of an empty pixel: 0, or minus the mean where it was subtracted


def load(settings: DatasetSettings, name: str, root_seed: int) -> Dataset:
    """Load the data set of these settings, centred on the mean of its train part if they say so.

    A Gaussian mixture is drawn from streams of its name and the root seed. Raises ValueError, in one line that names
    the file and what was expected, on missing, damaged or wrongly shaped files.
    """
    match settings.source:
        case "fashion-mnist":
            dataset = _fashion_mnist()
        case "digits":
            dataset = _digits()
        case "idx":
            dataset = _idx(settings)
        case "npz":
            dataset = _npz(settings.path)
        case "gaussian-mixture":
            dataset = _gaussian_mixture(settings, name, root_seed)
    _require_size(dataset)
    if not settings.center:
        return dataset
    mean = dataset.train.mean(axis=0)
    return replace(dataset, train=dataset.train - mean, test=dataset.test - mean, background=-mean)


def _require_size(dataset: Dataset) -> None:
    """Raise ValueError where C, of the square of the data, and what is made of it would leave float64."""
    largest = max(float(np.abs(part).max(initial=0)) for part in (dataset.train, dataset.test))
    if largest > LARGEST or 0 < np.abs(dataset.train).max(initial=0) < 1 / LARGEST:
        raise ValueError(
            f"values reach {largest:.3g} in size; expected between {1 / LARGEST:g} and {LARGEST:g}: scale the data"
        )


def _fashion_mnist() -> Dataset:
    folder = resources.files("ssl_dynamics.problem") / "data"
    with resources.as_file(folder / "fashion-mnist-subset.npz") as path:
        expected = (folder / "fashion-mnist-subset.sha256").read_text(encoding="utf-8").split()[0]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ValueError(f"{path}: missing or damaged; expected the file with SHA-256 {expected}")
        return _npz(path)


def _digits() -> Dataset:
    # The file of scikit-learn's `load_digits`, without its import, which takes a second.
    try:
        path = metadata.distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    except metadata.PackageNotFoundError:
        raise ValueError(f"digits are a file of scikit-learn's, which {needs('pipeline')}") from None
    table = np.loadtxt(str(path), delimiter=",")
    images, labels = table[:, :-1].reshape(-1, 8, 8) / 16.0, table[:, -1].astype(np.int64)
    is_test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        is_test[members[-(len(members) // 5) :]] = True
    return _dataset(images[~is_test], labels[~is_test], images[is_test], labels[is_test])


def _idx(settings: Idx) -> Dataset:
    train = read_idx(settings.images, dimensions=3)
    if len(train) < FEWEST_ITEMS or 0 in train.shape:
        raise ValueError(
            f"{settings.images}: images of shape {train.shape}; expected at least {FEWEST_ITEMS}, none empty"
        )
    test = train[:0] if settings.test_images is None else read_idx(settings.test_images, dimensions=3)
    if test.shape[1:] != train.shape[1:]:
        raise ValueError(f"{settings.test_images}: images of {test.shape[1:]}; expected {train.shape[1:]}")
    for path, images in ((settings.images, train), (settings.test_images, test)):
        if not np.isfinite(images).all():
            raise ValueError(f"{path}: holds values that are not finite numbers; expected images of finite ones")
    return _dataset(train, _idx_labels(settings.labels, train), test, _idx_labels(settings.test_labels, test))


def _idx_labels(path: Path | None, images: NDArray[np.generic]) -> NDArray[np.integer]:
    if path is None:
        return np.zeros(0, np.int64)
    labels = read_idx(path, dimensions=1)
    if len(labels) != len(images) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{path}: {len(labels)} labels ({labels.dtype}); expected {len(images)} whole numbers, one for each image"
        )
    return labels


def _npz(path: Path) -> Dataset:
    expected = "expected an .npz file with an array 'train' of shape (n, d) or (n, height, width)"
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ValueError(f"{path}: no file; {expected}")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: np.asarray(stored[name]) for name in stored.files}
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or 'not an .npz file'}; {expected}") from None
    except (ValueError, TypeError, AttributeError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile):
        raise ValueError(f"{path}: truncated, damaged or not an .npz file; {expected}") from None
    if "train" not in arrays:
        raise ValueError(f"{path}: holds {sorted(arrays)}; {expected}")
    train = arrays["train"]
    if len(np.atleast_1d(train)) < FEWEST_ITEMS:
        raise ValueError(f"{path}: 'train' has shape {train.shape}; expected at least {FEWEST_ITEMS} items")
    test = arrays.get("test", train[:0])
    for name, items in (("train", train), ("test", test)):
        if items.ndim not in (2, 3) or items.shape[1:] != train.shape[1:] or 0 in items.shape[1:]:
            raise ValueError(f"{path}: '{name}' has shape {items.shape} ('train': {train.shape}); {expected}")
        if items.dtype.kind not in "biuf" or not np.isfinite(items).all():
            raise ValueError(
                f"{path}: '{name}' ({items.dtype}) holds values that are not finite real numbers; {expected}"
            )
        labels = arrays.get(f"{name}_labels")
        if labels is not None and (labels.shape != items.shape[:1] or not np.issubdtype(labels.dtype, np.integer)):
            raise ValueError(
                f"{path}: '{name}_labels' is {labels.dtype} of shape {labels.shape}; "
                f"expected whole numbers of shape {items.shape[:1]}, one for each item"
            )
    none = np.zeros(0, np.int64)
    return _dataset(train, arrays.get("train_labels", none), test, arrays.get("test_labels", none))


def _gaussian_mixture(settings: GaussianMixture, name: str, root_seed: int) -> Dataset:
    source = mixture(settings, name, root_seed)
    train, train_labels = source.sample(settings.items, stream(root_seed, "gaussian-mixture", "train", name))
    test, test_labels = source.sample(settings.test_items, stream(root_seed, "gaussian-mixture", "test", name))
    return _dataset(train, train_labels, test, test_labels)


def _dataset(
    train: NDArray[np.generic],
    train_labels: NDArray[np.integer],
    test: NDArray[np.generic],
    test_labels: NDArray[np.integer],
) -> Dataset:
    """Flatten images, scale bytes to [0, 1], fix the types."""
    shape = (train.shape[1], train.shape[2]) if train.ndim == 3 else None
    d = int(np.prod(train.shape[1:]))
    return Dataset(
        _scaled(train).reshape(-1, d),
        train_labels.astype(np.int64),
        _scaled(test).reshape(-1, d),
        test_labels.astype(np.int64),
        shape,
        np.zeros(d),
    )


def _scaled(items: NDArray[np.generic]) -> Array:
    """Bytes scaled to [0, 1], other numbers as they are."""
    with np.errstate(over="ignore"):  # of longer numbers; they are refused by their size
        numbers = items.astype(np.float64)
    return numbers / (255.0 if items.dtype == np.uint8 else 1.0)
