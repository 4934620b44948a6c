"""Step sizes and horizons from C and W(0): starts nearly orthogonal to span(v_1 … v_z) amplify errors, and are late."""

from collections.abc import Sequence

import numpy as np

from ssl_dynamics.analysis import combined_projector_norm, principal_angles, richardson_weights
from ssl_dynamics.experiments.dynamics.config import (
    ARRIVAL_MARGIN,
    ARRIVED,
    ONCE_ALLOWED,
    SAME_SPAN,
    SHARE,
    TWICE_ALLOWED,
    WORST_CONDITION,
)
from ssl_dynamics.problem.schedule import Schedule, make_schedule, refined, transient_schedule
from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained
from ssl_dynamics.tables import STEP_RATIO
from ssl_dynamics.validation import Array

TRIAL_LEVELS = 4


def suited(C: Array, start: Array, dynamics: Unconstrained | Grassmannian) -> Unconstrained | Grassmannian:
    """`dynamics` with the step size and, under the constraint, the horizon that these starts ask for."""
    changes = {"finest_step": finest_step(C, start, dynamics)}
    if dynamics.kind == "grassmannian":
        farthest = np.tan(principal_angles(start, np.linalg.eigh(C)[1][:, : start.shape[-1]]).max())
        late = ARRIVAL_MARGIN * float(np.log(max(farthest, ARRIVED) / ARRIVED))
        changes["convergence"] = max(dynamics.convergence, late)
    return dynamics.model_copy(update=changes)


def finest_step(C: Array, start: Array, dynamics: Unconstrained | Grassmannian) -> float:
    """The finest step size of `dynamics`, or a smaller one at which errors are a share of what claims allow.

    The error that is left after p − 1 extrapolations is that of steps on C itself, ∝ η^p. It is told without the
    solution, by steps of other sizes. C (d, d), start (S, d, z). Raises Unsettled and ValueError as `make_schedule`.
    """
    eigenvalues, V = np.linalg.eigh(C)
    schedule, X = make_schedule(eigenvalues, start.shape[-1], dynamics), V.T @ start
    if dynamics.kind == "unconstrained":
        errors = {3: unconstrained_error(eigenvalues, X, schedule) / SAME_SPAN}
    else:
        once, twice = constrained_errors(eigenvalues, X, dynamics)
        errors = {2: once / ONCE_ALLOWED, 3: twice / TWICE_ALLOWED}
    return refined(schedule, dynamics, {order: error / SHARE for order, error in errors.items()})


def unconstrained_error(eigenvalues: Array, start: Array, schedule: Schedule) -> float:
    """Largest error of the spans of (I − 2ηΛ)^k W(0), extrapolated twice, while they can be told."""
    rates = schedule.learning_rates[0] * STEP_RATIO ** np.arange(-1, TRIAL_LEVELS - 1)
    steps = np.array(schedule.checkpoints(0))
    steps = np.unique(steps - steps % 4)  # which the coarsest of these sizes meets as well
    bases, told = [], np.array([])
    for level, rate in enumerate(rates):
        logs = (2 * steps / STEP_RATIO**level)[:, None] * np.log1p(-2 * rate * eigenvalues)
        W = np.exp(logs - logs.max(axis=1, keepdims=True))[:, :, None] * start[:, None]
        if level == 1:
            values = np.linalg.svd(W, compute_uv=False)
            told = values[..., -1] > WORST_CONDITION * values[..., 0]
        bases.append(np.linalg.qr(W)[0])
    return float(change_of_extrapolated(bases, 2)[told].max()) / (STEP_RATIO**3 - 1) * STEP_RATIO**3


def constrained_errors(eigenvalues: Array, start: Array, dynamics: Grassmannian) -> tuple[float, float]:
    """Largest errors at the finest step size over the transient, extrapolated once and twice.

    Eigenvalues (d,) of C; start (S, d, z) in coordinates of its eigenvectors.
    """
    schedule = transient_schedule(eigenvalues, dynamics.model_copy(update={"levels": TRIAL_LEVELS}))
    bases = [
        riemannian_descent(eigenvalues, start, float(rate), schedule.checkpoints(level))
        for level, rate in enumerate(schedule.learning_rates)
    ]
    once, twice = (float(change_of_extrapolated(bases, order - 1).max()) / (STEP_RATIO**order - 1) for order in (2, 3))
    return once, twice


def change_of_extrapolated(bases: Sequence[Array], extrapolations: int) -> Array:
    """Distances (S, T) of extrapolated projectors at the finest step size to those at twice that size.

    An error ∝ η^p changes by 2^p − 1 of what it is at the finer of both.
    """
    finer = np.append(richardson_weights(STEP_RATIO, extrapolations)[::-1], 0)  # finest step size first
    return combined_projector_norm(bases[: len(finer)], finer - np.roll(finer, 1))


def riemannian_descent(eigenvalues: Array, start: Array, learning_rate: float, steps: Sequence[int]) -> Array:
    """Orthonormal bases (S, T, d, z) of the spans of W ← W − 2η(I − WWᵀ)ΛW, pulled back to WᵀW = I, after `steps`."""
    W, bases, done = start, [], 0
    for step in steps:
        for _ in range(step - done):
            gradient = 2 * eigenvalues[:, None] * W
            moved = W - learning_rate * (gradient - W @ (W.mT @ gradient))
            W = np.linalg.solve(np.linalg.cholesky(moved.mT @ moved), moved.mT).mT
        bases.append(W)
        done = step
    return np.stack(bases, axis=1)
