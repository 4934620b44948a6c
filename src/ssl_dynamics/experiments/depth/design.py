"""What simulation and theory of three-layer nets share: starts, targets of the regression, times; and their files."""

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.experiments.depth.config import DepthSettings
from ssl_dynamics.kernels.three_layer import infinite_width_features, three_layer_features
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.schedule import slowest_growth
from ssl_dynamics.problem.starts.gaussian_weights import gaussian_weights
from ssl_dynamics.problem.starts.orthonormal import kernel_root

Array = NDArray[np.float64]
Key = tuple[str, int]


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Training without a constraint, by objective and width, and with one, by name of the rate and width.

    Without: rows (R,), one for each net and step at which it was looked at. With: the checkpoints (S, T), on n anchors.
    """

    seed: dict[Key, NDArray[np.int64]]
    time: dict[Key, Array]
    value: dict[Key, Array]  # of the loss
    drift: dict[Key, Array]  # of the tangent kernel on the anchors
    outputs: dict[Key, Array]  # (S, T, n, z)
    feature_drift: dict[Key, Array]
    departed: dict[Key, NDArray[np.bool_]]  # whether the net had departed, and was kept as it was then

    def to_arrays(self) -> Arrays:
        """The arrays of the file by name, that of the field last: unit_128_outputs."""
        arrays = super().to_arrays()
        return {re.sub(r"(.+)_([^_]+_\d+)", r"\2_\1", name): array for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The inverse of `to_arrays`."""
        return super().from_arrays(
            {re.sub(r"([^_]+_\d+)_(.+)", r"\2_\1", name): array for name, array in arrays.items()}
        )


@dataclass(frozen=True)
class Solution(ArrayFile):
    """Growth on the kernel of the start, by width, and the flow on its features, by width of the constrained nets."""

    tau: Array  # (T,)
    rates: dict[int, Array]  # fastest, (S,)
    moments: dict[int, Array]  # times (S, M)
    change: dict[int, Array]  # ‖U − U(0)‖_F at those (S, M)
    supervised: dict[int, Array]  # (S,) predicted drift of the tangent kernel at the end of the regression, or nan
    outputs: dict[int, Array]  # on the anchors, (S, T, n, z)


def start(settings: DepthSettings, d: int, width: int, name: str = "start") -> list[Array]:
    """W_1 (S, h, d), W_2 (S, h, h), W_3 (S, h, z), entries N(0, 1).

    The nets of a seed are nested, each the first h units of every layer of the widest: what is particular to a seed is
    then much the same at all widths, and disturbs fitted exponents less.
    """
    depth = settings.depth
    widest = max(*depth.widths, *depth.constrained_widths)
    first, second, third = gaussian_weights(
        (d, widest, widest, settings.dimension),
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        names=("depth", name, settings.dataset_name),
    )
    return [first[:, :width], np.ascontiguousarray(second[:, :width, :width]), np.ascontiguousarray(third[:, :width])]


def orthonormal(W3: Array) -> Array:
    """A last layer with W_3ᵀW_3 = I, its span that of the Gaussian one."""
    return np.linalg.qr(W3)[0]


def regression_target(settings: DepthSettings, anchor: Array) -> Array:
    """Y (S, n, z): outputs of other random nets, of the largest width; those of a seed are the same at all widths."""
    W1, W2, W3 = start(settings, anchor.shape[1], max(settings.depth.widths), "teacher")
    Y: Array = three_layer_features(anchor, W1, W2) @ W3
    return Y


def time_unit(settings: DepthSettings, X: Array) -> float:
    """t of τ = 2|λ_z|t = 1, λ_z the z-th smallest eigenvalue of K∞^{1/2}AK∞^{1/2}; K∞ of the features on the points.

    Raises Unsettled where it is not negative.
    """
    return 0.5 / slowest_growth(_eigenvalues(settings, X), settings.dimension)


def largest_step(settings: DepthSettings, X: Array) -> float:
    """t of the largest step of the constrained training: of the fastest mode, so that none is unstable."""
    return settings.depth.constrained_step * float(0.5 / np.abs(_eigenvalues(settings, X)).max())


def _eigenvalues(settings: DepthSettings, X: Array) -> Array:
    root = kernel_root(infinite_width_features(X))
    return np.asarray(np.linalg.eigvalsh(root @ coupling_matrix(len(X) // 3, loss=settings.loss) @ root), np.float64)


def checkpoints(settings: DepthSettings) -> Array:
    """Times τ = 0, 1, …, end at which constrained nets are looked at."""
    return np.arange(settings.depth.end + 1, dtype=np.float64)
