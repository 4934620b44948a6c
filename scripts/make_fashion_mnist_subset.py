"""Cut the shipped Fashion-MNIST subset out of the full data set.

Usage: python scripts/make_fashion_mnist_subset.py FOLDER_WITH_THE_FOUR_IDX_GZ_FILES

The first 400 images of every class of the original training part become the train part, the first 200 of
every class of the original test part the test part (600 images a class, no image in both), in the original
order. The same input gives the same bytes; the script prints the SHA-256 that
`src/ssl_dynamics/problem/data/fashion-mnist-subset.sha256` records. Debian's package `dataset-fashion-mnist`
installs the input under /usr/share/datasets/fashion-mnist.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from ssl_dynamics.problem.idx import read_idx

TRAIN_PER_CLASS, TEST_PER_CLASS, CLASSES = 400, 200, 10
TARGET = Path(__file__).parents[1] / "src/ssl_dynamics/problem/data/fashion-mnist-subset.npz"


def first_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Indices, in the original order, of the first `count` items of every class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[:count] for c in range(CLASSES)]))


def main(folder: Path) -> None:
    arrays = {}
    for part, stem, count in (("train", "train", TRAIN_PER_CLASS), ("test", "t10k", TEST_PER_CLASS)):
        images = read_idx(folder / f"{stem}-images-idx3-ubyte.gz", dimensions=3)
        labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz", dimensions=1)
        chosen = first_of_each_class(labels, count)
        arrays[part], arrays[f"{part}_labels"] = images[chosen], labels[chosen]
    np.savez_compressed(TARGET, **arrays)
    digest = hashlib.sha256(TARGET.read_bytes()).hexdigest()
    TARGET.with_suffix(".sha256").write_text(f"{digest}  {TARGET.name}\n")
    print(digest, TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
