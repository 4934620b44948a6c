"""Figure of one solution: its loss, and its way to the limit."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ssl_dynamics.figures import theme

_SMALLEST = 1e-17  # what rounding leaves of a sine; zero has no place on a logarithmic axis


def solution(times: NDArray[np.float64], loss: NDArray[np.float64], sines: NDArray[np.float64]) -> Figure:
    """Loss (T,) and the sines (T, z) of the principal angles to the leading eigenspace over the times (T,)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(theme.DOUBLE, 2.4))
    left.plot(times, loss, ".-", color=theme.DYNAMICS_COLORS["grassmannian"], linewidth=1)
    left.set(xlabel="time $t$", ylabel=r"loss $\mathrm{Tr}(W^\top C W)$")
    for number, sine in enumerate(np.maximum(sines, _SMALLEST).T):
        right.plot(times, sine, ".-", color=theme.PALETTE[number % len(theme.PALETTE)], linewidth=1)
    right.set(xlabel="time $t$", ylabel="sines of the angles to the limit", yscale="log")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure
