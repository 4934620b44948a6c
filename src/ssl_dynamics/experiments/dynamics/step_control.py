"""Step sizes and horizons from C and W(0): starts nearly orthogonal to span(v_1 … v_z) amplify errors, and are late."""

from collections.abc import Sequence

import numpy as np

from ssl_dynamics.experiments.dynamics.config import (
    ARRIVAL_MARGIN,
    ARRIVED,
    ONCE_ALLOWED,
    SAME_SPAN,
    SHARE,
    TRIAL,
    TWICE_ALLOWED,
    WORST_CONDITION,
)
from ssl_dynamics.problem.schedule import Schedule, make_schedule, refined, transient_schedule
from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained
from ssl_dynamics.tables import projector_table
from ssl_dynamics.theory import grassmann_flow, grassmann_tangent, log_singular_values, orthogonal_iteration
from ssl_dynamics.validation import Array

TRIAL_LEVELS = 3


def suited(C: Array, start: Array, dynamics: Unconstrained | Grassmannian) -> Unconstrained | Grassmannian:
    """`dynamics` with the step size and, under the constraint, the horizon that these starts ask for."""
    changes = {"finest_step": finest_step(C, start, dynamics)}
    if dynamics.kind == "grassmannian":
        farthest = max(float(grassmann_tangent(C, start, [0.0]).max()), ARRIVED)
        changes["convergence"] = max(dynamics.convergence, ARRIVAL_MARGIN * float(np.log(farthest / ARRIVED)))
    return dynamics.model_copy(update=changes)


def finest_step(C: Array, start: Array, dynamics: Unconstrained | Grassmannian) -> float:
    """The finest step size of `dynamics`, or a smaller one at which errors are a share of what claims allow.

    The error that is left after p − 1 extrapolations is that of steps on C itself, ∝ η^p. C (d, d), start (S, d, z).
    Raises Unsettled and ValueError as `make_schedule` does.
    """
    eigenvalues, V = np.linalg.eigh(C)
    schedule = make_schedule(eigenvalues, start.shape[-1], dynamics)
    diagonal, X = np.diag(eigenvalues), V.T @ start
    if dynamics.kind == "unconstrained":
        errors = {3: unconstrained_error(diagonal, X, schedule) / SAME_SPAN}
    else:
        once, twice = constrained_errors(eigenvalues, X, dynamics)
        errors = {2: once / ONCE_ALLOWED, 3: twice / TWICE_ALLOWED}
    return refined(schedule, dynamics, {order: error / SHARE for order, error in errors.items()})


def unconstrained_error(C: Array, start: Array, schedule: Schedule) -> float:
    """Largest error of the spans of (I − 2ηC)^k W(0), extrapolated twice, while they can be told."""
    logs = log_singular_values(C, start, schedule.times)
    shared = int((logs[..., -1] - logs[..., 0] > np.log(WORST_CONDITION)).any(0).sum())
    bases = [
        orthogonal_iteration(C, start, float(rate), schedule.checkpoints(level)[:shared])
        for level, rate in enumerate(schedule.learning_rates)
    ]
    return extrapolated_errors(bases, grassmann_flow(C, start, schedule.times[:shared]), schedule)[-1]


def constrained_errors(eigenvalues: Array, start: Array, dynamics: Grassmannian) -> tuple[float, float]:
    """Largest errors at the finest step size, extrapolated once and twice: scaled from a trial at larger ones.

    Eigenvalues (d,) of C; start (S, d, z) in coordinates of its eigenvectors.
    """
    trial = dynamics.model_copy(update={"finest_step": TRIAL * dynamics.finest_step, "levels": TRIAL_LEVELS})
    schedule = transient_schedule(eigenvalues, trial)
    bases = [
        riemannian_descent(eigenvalues, start, float(rate), schedule.checkpoints(level))
        for level, rate in enumerate(schedule.learning_rates)
    ]
    _, once, twice = extrapolated_errors(bases, grassmann_flow(np.diag(eigenvalues), start, schedule.times), schedule)
    return once / TRIAL**2, twice / TRIAL**3


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


def extrapolated_errors(bases: Sequence[Array], flow: Array, schedule: Schedule) -> list[float]:
    """Largest distances of projectors to those of the flow at the finest step size, extrapolated 0, 1, 2 times."""
    times = schedule.times[: flow.shape[1]]
    table = projector_table(bases, flow, {}, times, schedule.learning_rates)
    finest = table[table["learning_rate"] == schedule.learning_rates[0]]
    return [float(error) for error in finest.groupby("extrapolations")["error"].max()]
