"""Training of three-layer nets: until the kernel departs, to fit a target, or with a constrained last layer."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.levels import DEPARTURE, REMAINDER
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.simulation.deep_nets import (
    Layers,
    features,
    gradients,
    moved,
    outputs,
    tangent_kernel,
)
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.manifolds import horizontal, qr_retraction
from ssl_dynamics.simulation.stacked import regression_objective, triplet_objective
from ssl_dynamics.unsettled import Unsettled

Array = NDArray[np.float64]
Rows = dict[str, Array]  # columns (R,): seed, time, value of the loss, drift of the tangent kernel

LOOKS = 1.15  # ratio of the step counts at which drift is measured during supervised training
FEELER = 1e-6  # length of the step by which a growth rate is felt, in units of the size of the weights
GROWN = 10.0  # times its first size: a Gram matrix of features that has grown so much has departed
MOST_STEPS = 20_000
UNITS = 1024  # hidden units of the nets that take a Runge-Kutta step at one time: their second layers fit in the cache


class _Drift:
    """‖Θ(t) − Θ(0)‖_F/‖Θ(0)‖_F on some points, and rows of it."""

    def __init__(self, layers: Layers, X: torch.Tensor) -> None:
        self.X, self.start = X, tangent_kernel(layers, X)
        self.norm = _norm(self.start)
        self._rows: list[tuple[torch.Tensor, ...]] = []

    def record(self, layers: Layers, times: torch.Tensor, losses: torch.Tensor, seeds: torch.Tensor) -> torch.Tensor:
        """Rows of those nets, `seeds` (S,) boolean, that are in training; returns the drift of all (S,)."""
        drift: torch.Tensor = _norm(tangent_kernel(layers, self.X) - self.start) / self.norm
        self._rows.append(tuple(column[seeds] for column in (torch.arange(len(seeds)), times, losses, drift)))
        return drift

    def rows(self) -> Rows:
        columns = (torch.cat(parts).cpu().numpy() for parts in zip(*self._rows, strict=True))
        return dict(zip(("seed", "time", "value", "drift"), columns, strict=True))


def train_until_departure(
    layers: Layers, X: Array, loss: Loss, *, step: float, on_step: Callable[[], None] = lambda: None
) -> Rows:
    """Training on a loss that is unbounded below, until the drift of the tangent kernel on the anchors is 0.5.

    Midpoint steps of η = `step`/(present growth rate of the outputs, ‖U̇‖_F/‖U‖_F), each net at its own; X (3n, d)
    anchors, positives, negatives. A row at every step. Not to depart within 20,000 steps is an outcome: rows go so far.
    Source: docs/theory.md §4.
    """
    points, value = to_tensor(X), triplet_objective(loss, len(X) // 3)
    drifts = _Drift(layers, points[: len(X) // 3])
    times = torch.zeros(len(layers[0]), dtype=torch.float64)
    training = torch.ones(len(times), dtype=torch.bool)
    for _ in range(MOST_STEPS):
        U, losses, slopes = gradients(layers, points, value)
        training = training & (drifts.record(layers, times, losses, training) < DEPARTURE)
        if not training.any():
            return drifts.rows()
        eta = torch.where(training, step / _growth_rate(layers, points, slopes, U), 0.0)
        _, _, middle = gradients(moved(layers, slopes, -eta / 2), points, value)
        layers, times = moved(layers, middle, -eta), times + eta
        on_step()
    return drifts.rows()


def train_to_fit(
    layers: Layers, X: Array, target: Array, *, step: float, on_step: Callable[[], None] = lambda: None
) -> Rows:
    """Gradient descent on the mean squared error until it is 1 % of its start; the smallest possible is 0.

    η = `step`/(largest eigenvalue of Θ(0)/n), each net at its own; X (n, d), target (S, n, z). Rows at step counts 15 %
    apart and at the end. Raises Unsettled where that takes more than 20,000 steps: no claim says that it does not.
    Source: docs/theory.md §4.
    """
    points, value = to_tensor(X), regression_objective(target)
    drifts = _Drift(layers, points)
    rates = step * len(X) / torch.linalg.eigvalsh(drifts.start)[:, -1]
    times, training, first, look = torch.zeros_like(rates), torch.ones_like(rates, dtype=torch.bool), None, 0
    for number in range(MOST_STEPS):
        _, losses, slopes = gradients(layers, points, value)
        first = losses if first is None else first
        ended = training & (losses <= REMAINDER * first)
        if number == look:
            drifts.record(layers, times, losses, training)
            look = max(look + 1, math.ceil(LOOKS * look))
        elif ended.any():
            drifts.record(layers, times, losses, ended)
        training = training & ~ended
        if not training.any():
            return drifts.rows()
        eta = torch.where(training, rates, 0.0)
        layers, times = moved(layers, slopes, -eta), times + eta
        on_step()
    raise Unsettled(f"{int(training.sum())} nets have not fitted their targets after {MOST_STEPS} steps")


@dataclass(frozen=True)
class ConstrainedRun:
    """What the nets passed through at the checkpoints; S seeds, T checkpoints, K = ΨΨᵀ on the anchors."""

    outputs: Array  # (S, T, n, z) of the anchors
    feature_drift: Array  # (S, T) ‖K(t) − K(0)‖_F/‖K(0)‖_F
    departed: NDArray[np.bool_]  # (S, T) whether K had grown tenfold: the net is kept as it was then


def train_constrained(
    layers: Layers,
    X: Array,
    loss: Loss,
    *,
    rate: float,
    largest_step: float,
    times: Sequence[float],
    on_step: Callable[[], None] = lambda: None,
) -> ConstrainedRun:
    """Gradient flow of W_1 and W_2 at `rate` κ, and of W_3 under W_3ᵀW_3 = I at rate 1, by classical Runge-Kutta steps.

    Ẇ_l = −κ∇_l L for l = 1, 2 and Ẇ_3 = −(I − W_3W_3ᵀ)∇_3 L; a QR retraction ends each step. Steps are not above
    `largest_step`·‖K(0)‖/((1 + 2κ/h)‖K‖), and none doubles ‖K‖. X (3n, d) anchors, positives, negatives;
    `times` (T,) from 0 on. Source: docs/theory.md §4.
    """
    points, value = to_tensor(X), triplet_objective(loss, len(X) // 3)
    n, together = len(X) // 3, max(1, UNITS // layers[0].shape[1])

    def downhill(at: Layers) -> Layers:
        _, _, (first, second, third) = gradients(at, points, value)
        return first, second, horizontal(at[2], third)

    def stepped(at: Layers, time: float) -> tuple[Layers, torch.Tensor]:
        groups = zip(*(torch.split(W, together) for W in at), strict=True)
        ends = [_runge_kutta(group, downhill, time, (rate, rate, 1.0)) for group in groups]
        first, second, third = (torch.cat(parts) for parts in zip(*ends, strict=True))
        moved_to = (first, second, third)
        return moved_to, _gram(features(moved_to, points[:n]))

    # At κ = h each of the two layers below moves the outputs as fast as the last one does.
    longest = largest_step / (1 + 2 * rate / layers[0].shape[1])
    K0 = K = _gram(features(layers, points[:n]))
    departed = torch.zeros(len(K), dtype=torch.bool)
    saved: list[tuple[torch.Tensor, ...]] = []
    for segment in np.diff(np.asarray(times, dtype=np.float64), prepend=0.0):
        left = float(segment)
        while left > 0 and not departed.all():
            growth = torch.where(departed, 0.0, _norm(K) / _norm(K0)).max().clamp(min=1)
            taken = min(longest / float(growth), left)
            proposed, gram = stepped(layers, taken)
            while not (departed | (_norm(gram) <= 2 * _norm(K))).all():  # near a singularity, or beyond it
                taken /= 2
                proposed, gram = stepped(layers, taken)
            layers = _where(departed, layers, proposed) if departed.any() else proposed
            K = torch.where(departed[:, None, None], K, gram)
            departed = departed | (_norm(K) >= GROWN * _norm(K0))
            left -= taken
            on_step()
        U = features(layers, points[:n]) @ layers[2]
        saved.append((U, _norm(K - K0) / _norm(K0), departed))
    return ConstrainedRun(*(torch.stack(part, 1).cpu().numpy() for part in zip(*saved, strict=True)))


def _runge_kutta(
    layers: Layers, downhill: Callable[[Layers], Layers], time: float, rates: tuple[float, float, float]
) -> Layers:
    """One classical step of order 4 of Ẇ_l = −(rate_l) g_l, the last layer pulled back to W_3ᵀW_3 = I."""

    def stepped(slopes: Layers, length: float) -> Layers:
        first, second, third = (
            torch.add(W, g, alpha=-rate * length) for W, g, rate in zip(layers, slopes, rates, strict=True)
        )
        return first, second, third

    total = slopes = downhill(layers)
    for weight, ahead in ((2, time / 2), (2, time / 2), (1, time)):
        slopes = downhill(stepped(slopes, ahead))
        for summed, g in zip(total, slopes, strict=True):
            summed.add_(g, alpha=weight)
    first, second, third = stepped(total, time / 6)
    return first, second, qr_retraction(third, torch.zeros_like(third)).weights


def _where(kept: torch.Tensor, layers: Layers, others: Layers) -> Layers:
    first, second, third = (torch.where(kept[:, None, None], W, other) for W, other in zip(layers, others, strict=True))
    return first, second, third


def _growth_rate(layers: Layers, points: torch.Tensor, slopes: Layers, U: torch.Tensor) -> torch.Tensor:
    """‖U̇‖_F/‖U‖_F (S,) under gradient flow, from a step of 1e−6 of the size of the weights."""
    feeler = FEELER * _size(layers) / _size(slopes)
    return _norm(outputs(moved(layers, slopes, -feeler), points) - U) / (feeler * _norm(U))


def _size(layers: Layers) -> torch.Tensor:
    """√Σ_l ‖W_l‖_F² (S,)."""
    return torch.stack([torch.linalg.matrix_norm(W) for W in layers]).square().sum(0).sqrt()


def _gram(psi: torch.Tensor) -> torch.Tensor:
    return psi @ psi.mT


def _norm(matrices: torch.Tensor) -> torch.Tensor:
    norm: torch.Tensor = torch.linalg.matrix_norm(matrices)
    return norm
