"""Training of two-layer nets with a constrained output layer and a free first layer, all seeds side by side."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.simulation.derivatives import ACTIVATIONS, readout
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.manifolds import qr_retraction
from ssl_dynamics.simulation.stacked import Objective

Array = NDArray[np.float64]

AT_ONCE = 2**18  # features φ computed at a time: 2 MB, about what a cache holds
SLACK = 0.25  # the sum of errors may grow with this power of time by steps that are longer


@dataclass(frozen=True)
class Net:
    """u = W_2ᵀφ(W_1x/√d)/√h: W_1ᵀ (S, d, h) free, W_2ᵀ (S, z, h) with orthonormal rows. Few rows make fast products."""

    first: torch.Tensor
    second: torch.Tensor

    def moved(self, velocity: "Net", time: float) -> "Net":
        """Along a velocity for a time, without the constraint."""
        return Net(
            torch.add(self.first, velocity.first, alpha=time), torch.add(self.second, velocity.second, alpha=time)
        )

    def norms(self) -> torch.Tensor:
        """Frobenius norms of both layers (2, S)."""
        return torch.stack([torch.linalg.vector_norm(layer, dim=(-2, -1)) for layer in (self.first, self.second)])

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
    farthest: float = 0.5,
    on_segment: Callable[[], None] = lambda: None,
) -> ConstrainedTrajectory:
    """Gradient flow of W_1 at `rate` κ and of W_2 under W_2ᵀW_2 = I at rate 1, by Runge-Kutta steps of order 4.

    Ẇ_1 = −κ∇_1L,  Ẇ_2 = −(∇_2L − W_2 sym(W_2ᵀ∇_2L)): for a loss that is unchanged by rotations of u, the horizontally
    projected gradient −(I − W_2W_2ᵀ)∇_2L. A QR retraction ends each step and changes it at the order of its error.
    A net whose first layer would have moved by more than `farthest` of its own norm, ‖W_1 − W_1(0)‖_F > ½‖W_1(0)‖_F
    unless given, has *departed*: its features may blow up in finite time. It is kept as it is, and marked.

    points (N, d); first (S, h, d); second (S, h, z) orthonormal; `objective` of any number of seeds; `activation` a
    name in `ACTIVATIONS`; `times` (T,) from 0 on, not decreasing, between which the fewest equal steps not above
    `largest_step` are taken, or not above `largest_step`·‖K(0)‖/‖K‖ where the features have grown; where the flow has
    become slow, longer ones (`_Passage`). `on_segment()` is called at each time. Raises ValueError on other times or
    an unknown activation. Source: docs/theory.md §4.
    """
    segments = np.diff(np.asarray(times, dtype=np.float64), prepend=0.0)
    if not (segments >= 0).all():
        raise ValueError(f"times must start at 0 or later and not decrease; got {list(times)}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r} is unknown; allowed: {', '.join(map(repr, ACTIVATIONS))}")
    phi, factor = ACTIVATIONS[activation]
    field = _Field(
        to_tensor(points / math.sqrt(points.shape[1])), phi, factor / math.sqrt(first.shape[1]), objective, rate
    )
    layers = (to_tensor(layer).mT.contiguous() for layer in (first, second))
    together = max(1, AT_ONCE // (first.shape[1] * len(points)))
    nets = _Passage(
        [Net(*parts) for parts in zip(*(torch.split(layer, together) for layer in layers), strict=True)],
        field,
        farthest,
    )
    U, K0 = nets.looks()
    K, T0 = K0, K0 - _outer(U)
    saved: list[tuple[torch.Tensor, ...]] = []
    for segment in segments:
        growth = torch.linalg.matrix_norm(K) / torch.linalg.matrix_norm(K0)
        fastest = max(1.0, float(growth.where(~nets.departed, 0.0).max()))
        nets.advance(float(segment), largest_step / fastest)
        U, K = nets.looks()
        saved.append((U, _relative(K, K0), _relative(K - _outer(U), T0), nets.defect(), nets.departed))
        on_segment()
    return ConstrainedTrajectory(*(torch.stack(part, 1).cpu().numpy() for part in zip(*saved, strict=True)))


@dataclass(frozen=True)
class _Field:
    """The velocity of nets on points X/√d (N, d), and what they compute there."""

    X: torch.Tensor
    phi: Callable[[torch.Tensor], torch.Tensor]
    scale: float
    objective: Objective
    rate: float

    def features(self, net: Net) -> torch.Tensor:
        """Ψ up to `scale` (S, N, h)."""
        return self.phi(torch.bmm(self.X.expand(len(net.first), *self.X.shape), net.first))

    def representations(self, net: Net, features: torch.Tensor) -> torch.Tensor:
        """U = ΨW_2 (S, N, z)."""
        return self.scale * readout(features, net.second)

    def velocity(self, net: Net) -> Net:
        """(Ẇ_1, Ẇ_2)ᵀ by automatic differentiation of the objective; seeds share nothing: its sum separates."""
        leaf = Net(net.first.detach().requires_grad_(True), net.second.detach().requires_grad_(True))
        total = self.objective(self.representations(leaf, self.features(leaf))).sum()
        of_first, of_second = torch.autograd.grad(total, (leaf.first, leaf.second))
        M = net.second @ of_second.mT
        return Net(of_first.mul_(-self.rate), ((M + M.mT) / 2) @ net.second - of_second)


class _Passage:
    """Nets on their way, a few in each part, and what their next step must know of those before.

    A step has an estimated error: that of `runge_kutta`, of each layer relative to its way ‖W − W(0)‖_F, the larger of
    the two. E is the sum of those so far. A step up to time t may be longer than asked for while its error is at most
    `SLACK`·E·step/t for each net: longer steps let E grow no faster than t^`SLACK`. As error/step and E both are of
    the third order in the steps, the order remains.
    """

    def __init__(self, parts: list[Net], field: _Field, farthest: float) -> None:
        self._field, self._origin, self._nets = field, parts, parts
        self._velocities = [field.velocity(net) for net in parts]
        self._farthest = farthest * torch.cat([net.norms()[0] for net in parts])
        self._error, self._time, self._longer = torch.zeros_like(self._farthest), 0.0, 1.0
        self.departed = torch.zeros_like(self._farthest, dtype=torch.bool)

    def advance(self, time: float, step: float) -> None:
        """A time on, in equal steps not above `step`, or in longer ones."""
        end = self._time + time
        while self._time < end and not self.departed.all():
            steps = math.ceil((end - self._time) / (self._longer * step) * (1 - 1e-12))
            taken = (end - self._time) / steps
            nets, velocities, *measured = zip(*self._tried(taken), strict=True)
            way, error = map(torch.cat, measured)
            reached = end if steps == 1 else self._time + taken
            room = float((SLACK * self._error * taken / reached / error).where(~self.departed, math.inf).min())
            refused = self._longer > 1 and taken > step and not room >= 1  # not finite is refused, too
            self._longer = max(1.0, taken / step * min(2.0, max(0.5, 0.8 * room ** (1 / 3))))  # with a margin
            if refused:
                continue
            self.departed = self.departed | ~(way <= self._farthest)  # not finite is departed, too
            self._error = self._error + error.where(~self.departed, 0.0)
            kept = torch.split(self.departed, len(nets[0].first))
            self._nets = [old.where(gone, new) for old, gone, new in zip(self._nets, kept, nets, strict=True)]
            self._velocities, self._time = list(velocities), reached

    def _tried(self, step: float) -> Iterator[tuple[Net, Net, torch.Tensor, torch.Tensor]]:
        """Of each part the nets after a step, their velocity, the way of their first layers (S,), their errors (S,)."""
        for start, net, k1 in zip(self._origin, self._nets, self._velocities, strict=True):
            end, k5, estimate = runge_kutta(net, k1, self._field.velocity, step)
            ways = end.moved(start, -1).norms()
            yield end, k5, ways[0], (estimate.norms() / ways.clamp_min(torch.finfo(ways.dtype).tiny)).amax(0)

    def looks(self) -> tuple[torch.Tensor, torch.Tensor]:
        """U (S, N, z) and K = ΨΨᵀ (S, N, N)."""
        seen = []
        for net in self._nets:
            features = self._field.features(net)
            seen.append((self._field.representations(net, features), self._field.scale**2 * (features @ features.mT)))
        U, K = map(torch.cat, zip(*seen, strict=True))
        return U, K

    def defect(self) -> torch.Tensor:
        """‖W_2ᵀW_2 − I‖_F (S,)."""
        grams = torch.cat([net.second @ net.second.mT for net in self._nets])
        defect: torch.Tensor = torch.linalg.matrix_norm(grams - torch.eye(grams.shape[-1], dtype=grams.dtype))
        return defect


def runge_kutta(net: Net, k1: Net, velocity: Callable[[Net], Net], step: float) -> tuple[Net, Net, Net]:
    """One classical step of order 4 from the velocity k1, pulled back to W_2ᵀW_2 = I; the velocity k5 there; an error.

    With k5 in the place of k4 the step is of order 3: the difference, (k5 − k4)·step/6, estimates the error of that.
    """
    k2 = velocity(net.moved(k1, step / 2))
    k3 = velocity(net.moved(k2, step / 2))
    k4 = velocity(net.moved(k3, step))
    end = net.moved(k1.moved(k2, 2).moved(k3, 2).moved(k4, 1), step / 6)
    end = Net(end.first, qr_retraction(end.second.mT, torch.zeros_like(end.second.mT)).weights.mT)
    k5 = velocity(end)
    difference = k5.moved(k4, -1)
    return end, k5, Net(difference.first.mul_(step / 6), difference.second.mul_(step / 6))


def _outer(U: torch.Tensor) -> torch.Tensor:
    return U @ U.mT


def _relative(matrix: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    drift: torch.Tensor = torch.linalg.matrix_norm(matrix - start) / torch.linalg.matrix_norm(start)
    return drift
