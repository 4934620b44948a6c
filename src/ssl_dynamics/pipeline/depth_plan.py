"""What simulation and theory of three-layer nets share: points, starts, the targets of the regression, times."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.kernels.three_layer import infinite_width_features, three_layer_features
from ssl_dynamics.pipeline.experiments import Depth
from ssl_dynamics.pipeline.settings import DepthSettings
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.gaussian_weights import gaussian_weights
from ssl_dynamics.problem.start import kernel_root

Array = NDArray[np.float64]


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
    """t of τ = 2|λ_z|t = 1, λ_z the z-th smallest eigenvalue of K∞^{1/2}AK∞^{1/2}; K∞ of the features on the points."""
    return float(0.5 / np.abs(_eigenvalues(settings, X)[settings.dimension - 1]))


def largest_step(settings: DepthSettings, X: Array) -> float:
    """t of the largest step of the constrained training: of the fastest mode, so that none is unstable."""
    return settings.depth.constrained_step * float(0.5 / np.abs(_eigenvalues(settings, X)).max())


def _eigenvalues(settings: DepthSettings, X: Array) -> Array:
    root = kernel_root(infinite_width_features(X))
    return np.asarray(np.linalg.eigvalsh(root @ coupling_matrix(len(X) // 3, loss=settings.loss) @ root), np.float64)


def checkpoints(settings: DepthSettings) -> Array:
    """Times τ = 0, 1, …, end at which constrained nets are looked at."""
    return np.arange(settings.depth.end + 1, dtype=np.float64)


def constrained_runs(depth: Depth) -> list[tuple[int, str, float]]:
    """Width, name of the rate, and κ: 1 at every width; as a control h, but for the largest width."""
    widths = depth.constrained_widths
    return [(h, "unit", 1.0) for h in widths] + [(h, "width", float(h)) for h in widths[:-1]]
