"""Training of two-layer nets with a constrained output layer and a free first layer, all seeds side by side."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.manifolds import qr_retraction
from ssl_dynamics.simulation.stacked import Objective

Array = NDArray[np.float64]

# φ and its factor, which is kept with the 1/√h: a pass over all features fewer.
ACTIVATIONS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], float]] = {
    "identity": (lambda a: a, 1.0),
    "relu": (torch.relu, math.sqrt(2)),
    "erf": (torch.erf, 1.0),
}
AT_ONCE = 2**18  # features φ computed at a time: 2 MB, about what a cache holds


@dataclass(frozen=True)
class Net:
    """u = W_2ᵀφ(W_1x/√d)/√h: W_1 (S, h, d) free, W_2 (S, h, z) with orthonormal columns."""

    first: torch.Tensor
    second: torch.Tensor

    def moved(self, velocity: "Net", time: float) -> "Net":
        """Along a velocity for a time, without the constraint."""
        return Net(self.first + time * velocity.first, self.second + time * velocity.second)

    def split(self, seeds: int) -> Iterator["Net"]:
        """The nets of so many seeds, and of the next ones, to the last."""
        return map(Net, torch.split(self.first, seeds), torch.split(self.second, seeds))

    def where(self, kept: torch.Tensor, other: "Net") -> "Net":
        """For the seeds `kept` (S,) as it is, another for the rest."""
        chosen = kept[:, None, None]
        return Net(torch.where(chosen, self.first, other.first), torch.where(chosen, self.second, other.second))


@dataclass(frozen=True)
class ConstrainedTrajectory:
    """What the nets passed through at the checkpoints; S seeds, T checkpoints, K = ΨΨᵀ the Gram matrix of features."""

    functions: Array  # (S, T, N, z) representations U
    feature_drift: Array  # (S, T) ‖K(t) − K(0)‖_F/‖K(0)‖_F
    tangent_drift: Array  # (S, T) the same of K − UUᵀ = Ψ(I − W_2W_2ᵀ)Ψᵀ
    orthonormality: Array  # (S, T) ‖W_2ᵀW_2 − I‖_F
    departed: NDArray[np.bool_]  # (S, T) whether the net had departed, and was kept as it was before


def train_constrained_nets(
    points: Array,
    first: Array,
    second: Array,
    objective: Objective,
    *,
    activation: str,
    rate: float,
    largest_step: float,
    times: Sequence[float],
    on_segment: Callable[[], None] = lambda: None,
) -> ConstrainedTrajectory:
    """Gradient flow of W_1 at `rate` κ and of W_2 under W_2ᵀW_2 = I at rate 1, by Runge-Kutta steps of order 4.

    Ẇ_1 = −κ∇_1L,  Ẇ_2 = −(∇_2L − W_2 sym(W_2ᵀ∇_2L)): for a loss that is unchanged by rotations of u, the horizontally
    projected gradient −(I − W_2W_2ᵀ)∇_2L. A QR retraction ends each step and changes it at the order of its error.
    A net whose first layer would have moved by half its own norm, ‖W_1 − W_1(0)‖_F > ½‖W_1(0)‖_F, has *departed*: its
    features may blow up in finite time. It is kept as it is, and marked.

    points (N, d); first (S, h, d); second (S, h, z) orthonormal; `objective` of any number of seeds; `activation` a
    name in `ACTIVATIONS`; `times` (T,) from 0 on, not decreasing, between which the fewest equal steps not above
    `largest_step` are taken, or not above `largest_step`·‖K(0)‖/‖K‖ where the features have grown; `on_segment()` is
    called at each time. Raises ValueError on other times or an unknown activation. Source: docs/theory.md §4.
    """
    segments = np.diff(np.asarray(times, dtype=np.float64), prepend=0.0)
    if not (segments >= 0).all():
        raise ValueError(f"times must start at 0 or later and not decrease; got {list(times)}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r} is unknown; allowed: {', '.join(map(repr, ACTIVATIONS))}")
    phi, factor = ACTIVATIONS[activation]
    field = _Field(to_tensor(points), phi, factor / math.sqrt(first.shape[1]), objective, rate)
    origin = net = Net(to_tensor(first), to_tensor(second))
    allowed = torch.linalg.vector_norm(origin.first, dim=(-2, -1)) / 2
    departed = torch.zeros(len(allowed), dtype=torch.bool)
    U, K0 = field.looks(origin)
    K, T0 = K0, K0 - _outer(U)
    saved: list[tuple[torch.Tensor, ...]] = []
    for segment in segments:
        growth = torch.linalg.matrix_norm(K) / torch.linalg.matrix_norm(K0)
        fastest = max(1.0, float(growth.where(~departed, 0.0).max()))
        steps = 0 if departed.all() else math.ceil(segment / largest_step * fastest * (1 - 1e-12))
        for _ in range(steps):
            proposed = runge_kutta(net, field.velocity, segment / steps)
            distance = torch.linalg.vector_norm(proposed.first - origin.first, dim=(-2, -1))
            departed = departed | ~(distance <= allowed)  # not finite is departed, too
            net = net.where(departed, proposed)
        U, K = field.looks(net)
        saved.append((U, _relative(K, K0), _relative(K - _outer(U), T0), _defect(net.second), departed))
        on_segment()
    return ConstrainedTrajectory(*(torch.stack(part, 1).cpu().numpy() for part in zip(*saved, strict=True)))


@dataclass(frozen=True)
class _Field:
    """The velocity of nets on points X (N, d), and what they compute there."""

    X: torch.Tensor
    phi: Callable[[torch.Tensor], torch.Tensor]
    scale: float
    objective: Objective
    rate: float

    def features(self, net: Net) -> torch.Tensor:
        """Ψᵀ up to `scale` (S, h, N): seeds and width are the rows of one matrix product."""
        S, h, d = net.first.shape
        preactivation = net.first.reshape(S * h, d) @ (self.X.T / math.sqrt(d))
        return self.phi(preactivation.reshape(S, h, -1))

    def representations(self, net: Net, features: torch.Tensor) -> torch.Tensor:
        """U = ΨW_2 (S, N, z)."""
        return (self.scale * (net.second.mT @ features)).mT

    def parts(self, net: Net) -> Iterator[Net]:
        """The nets of as many seeds at a time as `AT_ONCE` allows, of one at least."""
        return net.split(max(1, AT_ONCE // (net.first.shape[1] * len(self.X))))

    def looks(self, net: Net) -> tuple[torch.Tensor, torch.Tensor]:
        """U (S, N, z) and K = ΨΨᵀ (S, N, N)."""
        seen = []
        for part in self.parts(net):
            features = self.features(part)
            seen.append((self.representations(part, features), self.scale**2 * (features.mT @ features)))
        U, K = map(torch.cat, zip(*seen, strict=True))
        return U, K

    def velocity(self, net: Net) -> Net:
        """(Ẇ_1, Ẇ_2) by automatic differentiation of the objective; seeds share nothing: its sum separates."""
        first, second = [], []
        for part in self.parts(net):
            leaf = Net(part.first.detach().requires_grad_(True), part.second.detach().requires_grad_(True))
            total = self.objective(self.representations(leaf, self.features(leaf))).sum()
            of_first, of_second = torch.autograd.grad(total, (leaf.first, leaf.second))
            M = part.second.mT @ of_second
            first.append(-self.rate * of_first)
            second.append(part.second @ ((M + M.mT) / 2) - of_second)
        return Net(torch.cat(first), torch.cat(second))


def runge_kutta(net: Net, velocity: Callable[[Net], Net], step: float) -> Net:
    """One classical step of order 4, pulled back to W_2ᵀW_2 = I."""
    k1 = velocity(net)
    k2 = velocity(net.moved(k1, step / 2))
    k3 = velocity(net.moved(k2, step / 2))
    k4 = velocity(net.moved(k3, step))
    mean = k1.moved(k2, 2).moved(k3, 2).moved(k4, 1)
    return Net(net.first + step / 6 * mean.first, qr_retraction(net.second, step / 6 * mean.second).weights)


def _outer(U: torch.Tensor) -> torch.Tensor:
    return U @ U.mT


def _relative(matrix: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    drift: torch.Tensor = torch.linalg.matrix_norm(matrix - start) / torch.linalg.matrix_norm(start)
    return drift


def _defect(weights: torch.Tensor) -> torch.Tensor:
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype)
    defect: torch.Tensor = torch.linalg.matrix_norm(weights.mT @ weights - identity)
    return defect
