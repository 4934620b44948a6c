"""What simulation and theory of trained wide nets share: points, starts, and the targets of the regression."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.kernels import features
from ssl_dynamics.pipeline.artifacts import Arrays
from ssl_dynamics.pipeline.settings import DriftSettings
from ssl_dynamics.problem.layers import gaussian_layers
from ssl_dynamics.problem.settings import Activation

Array = NDArray[np.float64]


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


def starts(settings: DriftSettings, d: int) -> Iterator[Start]:
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


def regression_targets(settings: DriftSettings, anchor: Array, activation: Activation) -> Array:
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
