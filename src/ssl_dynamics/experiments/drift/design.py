"""What simulation and theory of trained wide nets share: starts, targets of the regression, and their files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.experiments.drift.config import NetsSettings
from ssl_dynamics.kernels import features
from ssl_dynamics.problem.settings import Activation
from ssl_dynamics.problem.starts.layers import gaussian_layers

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
    """The rows of the two self-supervised objectives, each kept in arrays of the prefix `objective`_."""

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
        return cls({objective: Rows.from_arrays(part) for objective, part in parts.items()})


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
    blow_up_delay: float  # μ(T − t_0.5) of infinitely wide linear nets


@dataclass(frozen=True)
class Start:
    """Nets of one activation and width at the start: W_1 (S, h, d), W_2 (S, h, z)."""

    activation: Activation
    width: int
    W1: Array
    W2: Array

    def labelled(self, rows: Arrays) -> Arrays:
        """Columns of rows, with those that name the nets."""
        count = len(rows["seed"])
        return {"activation": np.full(count, self.activation), "width": np.full(count, self.width), **rows}


def starts(settings: NetsSettings, d: int) -> Iterator[Start]:
    """The nets of every width and activation; the weights are the same for all activations and objectives."""
    drift = settings.drift
    for width in drift.widths:
        W1, W2 = gaussian_layers(
            d,
            settings.dimension,
            width,
            seeds=drift.seeds_of(width, settings.seeds),
            root_seed=settings.root_seed,
            name=settings.dataset_name,
        )
        for activation in drift.activations:
            yield Start(activation, width, W1, W2)


def regression_targets(settings: NetsSettings, anchor: Array, activation: Activation) -> Array:
    """Y (S, n, z): outputs of other random nets, of the largest width; those of seed s are the same at all widths."""
    drift = settings.drift
    width = drift.widths[-1]
    d, z, name = anchor.shape[1], settings.dimension, f"teacher {settings.dataset_name}"
    W1, W2 = gaussian_layers(d, z, width, seeds=settings.seeds, root_seed=settings.root_seed, name=name)
    return net_outputs(anchor, W1, W2, activation)


def net_outputs(X: Array, W1: Array, W2: Array, activation: Activation) -> Array:
    """U = W_2ᵀφ(W_1x/√d)/√h (S, N, z) on the points X (N, d)."""
    U: Array = features(X, W1, activation=activation) @ W2
    return U


def stacked(tables: list[Arrays]) -> Arrays:
    """The columns of several tables, one below the other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
