"""The closed forms with a penalty, without one and constrained, from C, W(0) and the anchors' R; times of limits."""

import numpy as np

from ssl_dynamics.analysis import log_excess_rank
from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint.config import (
    CURVE_POINTS,
    CURVE_TIMES,
    CURVES,
    DECAY,
    LEFT,
    LIMIT_POINTS,
    LIMIT_START,
    MARGIN,
    SETTLED,
    SIDE,
    STABLE,
    STRONG,
    DesignSettings,
)
from ssl_dynamics.experiments.soft_constraint.design import Array, Design, Solution
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.problem.schedule import ROUNDING, size_of, transient_schedule
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.settings import Settings
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import (
    grassmann_flow,
    largest_penalised_step,
    log_singular_values,
    penalised_gram,
    settling_times,
    soft_constraint_flow,
    soft_constraint_limit,
)


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_soft_constraint`: it lies here because it takes theory to say how long the limits take."""
    settings, soft = job.settings, job.settings.soft_constraint
    C = read_form(job.input("quadratic_form"))
    eigenvalues = np.asarray(np.linalg.eigvalsh(C), np.float64)
    z, norm = settings.dimension, size_of(eigenvalues)
    # The fastest rates are those of WᵀW, 4(β − λ).
    finest = soft.finest_step / (1 + soft.strengths[-1])
    schedule = transient_schedule(eigenvalues, soft.model_copy(update={"finest_step": finest}))
    start = random_orthonormal_start(
        len(C), z, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
    )
    decay = DECAY * norm
    decayed = C + decay * np.eye(len(C))
    penalties = sides(eigenvalues[: z + 1] + decay)
    rate = STABLE * float(largest_penalised_step(decayed, beta=penalties).min())
    needed = MARGIN * float(settling_times(decayed, LIMIT_START * start, beta=penalties, left=LEFT).max()) / rate
    job.log.info("steps to the limits that the spectrum asks for: %.3g", needed)
    Design(
        start=start,
        strengths=np.array(soft.strengths, np.float64),
        norm=norm,
        learning_rates=schedule.learning_rates,
        coarse_steps=schedule.coarse_steps,
        decay=decay,
        limit_strengths=penalties,
        limit_rate=rate,
        limit_steps=int(min(np.ceil(needed), soft.limit_steps)),
        needed_steps=needed,
    ).save(job.output("schedule"))


def sides(critical: Array) -> Array:
    """Penalties (B,), ascending, above each of these (k,), and below it but for the last: at most half-way to the next.

    Half-way between two that are near there is one for both.
    """
    halves = np.diff(critical) / 2
    below = critical - np.minimum(SIDE * critical, np.append(np.inf, halves))
    above = critical + np.minimum(SIDE * critical, np.append(halves, np.inf))
    penalties = np.delete(np.stack([below, above], -1).ravel(), -2)
    apart = np.append(True, np.diff(penalties) > ROUNDING * penalties[1:])
    return np.asarray(penalties[apart], np.float64)


def solve(job: Job[Settings]) -> None:
    """Stage `solve_soft_constraint`."""
    C, plan = read_form(job.input("quadratic_form")), Design.load(job.input("schedule"))
    start, betas, times = plan.start, plan.penalties, plan.schedule.times
    # Singular values of representations XW are those of RW: all that is seen of the triplets.
    R = np.asarray(np.linalg.qr(read_triplets(job.input("triplets")).anchor, mode="r"), np.float64)

    def excess(factors: Array) -> Array:
        return log_excess_rank(np.log(np.linalg.svd(R @ factors, compute_uv=False)))

    decayed, z, penalties = C + plan.decay * np.eye(len(C)), start.shape[-1], plan.limit_strengths
    limit_curve = np.linspace(0.9 * penalties[0], 1.1 * penalties[-1], LIMIT_POINTS)
    flow = soft_constraint_flow(C, start, times, beta=betas)
    curve_times = np.geomspace(*CURVE_TIMES, CURVE_POINTS) / plan.norm
    constrained = grassmann_flow(C, start, curve_times)
    strong = plan.norm * np.array(STRONG)
    largest, span = float(betas[-1]), grassmann_flow(C, start, times)
    seen = np.asarray(np.linalg.qr(R @ span, mode="r"))  # coordinates of representations
    gap = largest - max(NEAR_RATES.values()) * max(np.linalg.eigvalsh(C)[-1], 0)
    curve_strengths = np.unique([*CURVES, *plan.strengths])
    Solution(
        flow=flow,
        flow_wrong={
            name: soft_constraint_flow(C, start, rate * times, beta=betas)
            for name, rate in (NEAR_RATES | FAR_RATES).items()
        },
        flow_half=soft_constraint_flow(C, start, times / 2, beta=betas),
        span=span,
        span_wrong={name: grassmann_flow(C, start, rate * times) for name, rate in NEAR_RATES.items()},
        excess=excess(flow),
        excess_wrong={
            name: excess(soft_constraint_flow(C, start, times, beta=factor * betas))
            for name, factor in FAR_RATES.items()
        },
        curve_times=curve_times,
        curve_strengths=curve_strengths,
        curves=excess(soft_constraint_flow(C, start, curve_times, beta=plan.norm * curve_strengths)),
        ends=np.stack(
            [
                log_excess_rank(log_singular_values(C, start, curve_times, through=R)),
                excess(constrained),
            ]
        ),
        strong=towards_constraint(C, soft_constraint_flow(C, start, curve_times, beta=strong), constrained, strong, R),
        settled_from=-np.log(SETTLED) / (4 * gap) if gap > 0 else np.inf,
        settled=settled(C, span, largest),
        settled_wrong={name: settled(C, span, largest, rate) for name, rate in NEAR_RATES.items()},
        settled_first=settled(C, span, largest, first=True),
        first_terms=np.linalg.norm(seen @ (span.mT @ C @ span) @ seen.mT, axis=(-2, -1)) / largest,
        critical=np.asarray(np.linalg.eigvalsh(decayed)[:z], np.float64),
        limits=soft_constraint_limit(decayed, z, beta=penalties),
        limits_wrong={
            name: soft_constraint_limit(decayed, z, beta=factor * penalties) for name, factor in NEAR_RATES.items()
        },
        limit_curve_strengths=limit_curve,
        limit_curves=soft_constraint_limit(decayed, z, beta=limit_curve),
    ).save(job.output("solution"))


def towards_constraint(C: Array, factors: Array, basis: Array, penalties: Array, R: Array) -> dict[str, Array]:
    """How far XWWᵀXᵀ is from the terms of its expansion for large β, all times β over the largest ‖XPCPXᵀ‖_F.

    `from_projector` and `from_first` after P and after −PCP/β, beside the norms of the terms that follow, `first_term`
    and `second_term`; `error` after both. Gram factors of WWᵀ (B, S, T, d, z), basis of P (S, T, d, z), penalties β
    (B,), the largest of each seed; X = Q'R; returns arrays (B, S, T).
    """
    beta, z = penalties[:, None, None], basis.shape[-1]
    sides = R @ np.concatenate(np.broadcast_arrays(basis, factors), axis=-1)
    both = np.asarray(np.linalg.qr(sides, mode="r"))
    Q, F = both[..., :z], both[..., z:]  # coordinates of XQ and XF
    CQ = C @ basis
    K = basis.mT @ CQ
    first = -K / beta[..., None, None]
    second = -(CQ.mT @ CQ - K @ K) / beta[..., None, None] ** 2

    def norm(gram: Array, through: Array = Q) -> Array:
        return np.asarray(np.linalg.norm(through @ gram @ through.mT, axis=(-2, -1)))

    def left(gram: Array) -> Array:
        return np.asarray(np.linalg.norm(F @ F.mT - Q @ gram @ Q.mT, axis=(-2, -1)))

    values = {
        "from_projector": left(np.eye(z)),
        "first_term": norm(first),
        "from_first": left(np.eye(z) + first),
        "second_term": norm(second),
        "error": left(np.eye(z) + first + second),
    }
    size = norm(K).max(-1, keepdims=True)
    return {name: beta * value / size for name, value in values.items()}


def settled(C: Array, bases: Array, penalty: float, rate: float = 1.0, *, first: bool = False) -> Array:
    """Gram factors (S, T, d, z) of WWᵀ at a large penalty from bases of the span, were C larger by the factor `rate`.

    `first`: of the term of order 1/β alone. The bases themselves where the penalty does not exceed every eigenvalue of
    C, and nothing settles.
    """
    if not penalty > rate * max(np.linalg.eigvalsh(C)[-1], 0):
        return bases
    if first:
        return bases @ np.linalg.cholesky(np.eye(bases.shape[-1]) - bases.mT @ C @ bases / penalty)
    return bases @ np.linalg.cholesky(penalised_gram(rate * C, bases, beta=penalty))
