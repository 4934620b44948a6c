"""How far a tangent kernel has moved from its start."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.kernels.two_layer import two_layer_ntk

Array = NDArray[np.float64]


def relative_change(after: Array, before: Array) -> float:
    """‖Θ' − Θ‖_F/‖Θ‖_F of one kernel."""
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


class KernelDrift:
    """‖Θ − Θ(0)‖_F/‖Θ(0)‖_F of the tangent kernels of linear nets on the points X (N, d), for each net.

    Made of the weights at the start, W_1 (S, h, d) and W_2 (S, h, z), and called with later ones; returns (S,).
    """

    def __init__(self, X: Array, first: Array, second: Array) -> None:
        self._X = X
        self._start = two_layer_ntk(X, first, second, activation="identity")
        self._norm = np.linalg.norm(self._start, axis=(-2, -1))

    def __call__(self, first: Array, second: Array) -> Array:
        change = two_layer_ntk(self._X, first, second, activation="identity") - self._start
        drift: Array = np.linalg.norm(change, axis=(-2, -1)) / self._norm
        return drift
