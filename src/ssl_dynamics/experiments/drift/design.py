"""What simulation and theory of trained wide nets share: starts, targets of the regression, and their files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.experiments.drift.config import REGRESSION_STEP, Batch, NetsSettings
from ssl_dynamics.kernels import features, infinite_width_ntk
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.names import Activation, Loss
from ssl_dynamics.problem.schedule import slowest_growth
from ssl_dynamics.problem.starts.layers import gaussian_layers
from ssl_dynamics.problem.starts.orthonormal import kernel_root

Array = NDArray[np.float64]

OBJECTIVES = ("dot-product", "cosine")


@dataclass(frozen=True)
class Rows(ArrayFile):
    """Rows of the training of many nets on one objective (R,): net, time, value of the loss, drift of the kernel."""

    activation: NDArray[np.str_]
    width: NDArray[np.int64]
    seed: NDArray[np.int64]
    time: Array
    value: Array
    drift: Array
    drift_first: Array
    drift_second: Array
    rate: Array | None = None  # growth rate of √|L|, where the loss is unbounded below


@dataclass(frozen=True)
class Trained(ArrayFile):
    """The rows of the self-supervised objectives that there are, each in arrays of the prefix `objective`_."""

    rows: dict[str, Rows]

    def to_arrays(self) -> Arrays:
        return {
            f"{objective}_{name}": values
            for objective, rows in self.rows.items()
            for name, values in rows.to_arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        parts = {
            objective: {
                name.removeprefix(f"{objective}_"): values
                for name, values in arrays.items()
                if name.startswith(f"{objective}_")
            }
            for objective in OBJECTIVES
        }
        return cls({objective: Rows.from_arrays(part) for objective, part in parts.items() if part})


@dataclass(frozen=True)
class Solution(ArrayFile):
    """Of every net (n,), by its tangent kernel and outputs at the start."""

    activation: NDArray[np.str_]
    width: NDArray[np.int64]
    seed: NDArray[np.int64]
    growth_rate: Array  # μ_h, of the fastest mode
    moments: Array  # times from 0 on, (n, M)
    change: Array  # ‖U − U(0)‖_F/√N on the kernel of the start at those, (n, M)
    gram_departure: Array  # by the Gram equations of linear nets: time of the departure, nan for other nets
    gram_blow_up: Array  # and of the blow-up
    limit_rate: Array  # growth rate at infinite width
    unreachable: Array  # share of the squared error of the regression that its kernel cannot learn
    cosine_time: Array  # at which drifts with cosine similarity are compared; nan for nets that are not trained by it
    cosine_drift: Array  # predicted at that time; nan for narrow nets, too
    blow_up_delay: float  # μ(T − t_0.5) of infinitely wide linear nets


@dataclass(frozen=True)
class SupervisedSolution(ArrayFile):
    """Of every net (n,), what its regression does to its kernel until the end; nan for narrow nets."""

    activation: NDArray[np.str_]
    width: NDArray[np.int64]
    seed: NDArray[np.int64]
    drift: Array


@dataclass(frozen=True)
class Start:
    """The nets of a batch at the start: W_1 (S, h, d), W_2 (S, h, z)."""

    batch: Batch
    W1: Array
    W2: Array

    def labelled(self, rows: Arrays) -> Arrays:
        """Columns of rows, with those that name the nets; `seed` counts those of the batch."""
        activation, width, seeds = self.batch
        seed = seeds.start + rows["seed"]
        return {"activation": np.full(len(seed), activation), "width": np.full(len(seed), width), **rows, "seed": seed}


def starts(settings: NetsSettings, batches: Iterable[Batch], d: int) -> Iterator[Start]:
    """The nets of these batches; the weights are the same for all activations and objectives."""
    for (width, seeds), alike in groupby(batches, key=lambda batch: (batch.width, batch.seeds)):
        layers = _layers(settings, d, width, seeds, settings.dataset_name)
        for batch in alike:
            yield Start(batch, *layers)


def _layers(settings: NetsSettings, d: int, width: int, seeds: range, name: str) -> tuple[Array, Array]:
    """W_1 (S, h, d), W_2 (S, h, z) of nets with these seeds."""
    return gaussian_layers(
        d, settings.dimension, width, first=seeds.start, seeds=len(seeds), root_seed=settings.root_seed, name=name
    )


def require_departure(settings: NetsSettings, X: Array, loss: Loss) -> None:
    """See that outputs on the points X of the loss grow on the kernel of infinite width, of every activation.

    Raises Unsettled where they do not: the loss is bounded below then, and no net departs.
    """
    A = coupling_matrix(len(X) // (3 if loss == "contrastive" else 2), loss=loss)[: len(X), : len(X)]
    for activation in settings.drift.activations:
        root = kernel_root(infinite_width_ntk(X, activation=activation))
        slowest_growth(np.asarray(np.linalg.eigvalsh(root @ A @ root), dtype=np.float64), 1)


def regression_targets(
    settings: NetsSettings, anchor: Array, batches: Iterable[Batch]
) -> dict[tuple[Activation, range], Array]:
    """Y (S, n, z) by activation and seeds: outputs of other nets, of the largest width; the same at all."""
    d, width, name = anchor.shape[1], settings.drift.widths[-1], f"teacher {settings.dataset_name}"
    return {
        (activation, seeds): net_outputs(anchor, *_layers(settings, d, width, seeds, name), activation)
        for activation, seeds in {(batch.activation, batch.seeds) for batch in batches}
    }


def regression_rate(anchor: Array, activation: Activation) -> float:
    """Step size η of the regression on the anchors."""
    largest = np.linalg.norm(infinite_width_ntk(anchor, activation=activation), 2)
    return float(REGRESSION_STEP * len(anchor) / largest)


def net_outputs(X: Array, W1: Array, W2: Array, activation: Activation) -> Array:
    """U = W_2ᵀφ(W_1x/√d)/√h (S, N, z) on the points X (N, d)."""
    U: Array = features(X, W1, activation=activation) @ W2
    return U


def stacked(tables: list[Arrays]) -> Arrays:
    """The columns of several tables, one below the other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
