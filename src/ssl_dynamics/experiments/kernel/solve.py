"""Step sizes from the spectrum on each kernel, and the closed forms at the checkpoints, from K, A, Y and U(0) alone."""

from collections.abc import Callable
from functools import partial

import numpy as np

from ssl_dynamics.analysis import effective_rank, richardson_weights
from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.kernel.config import (
    CURVE_ALLOWED,
    LATE_CHECKPOINTS,
    LATE_STEP,
    SHARE,
    SMALLEST_COLUMN,
    TRANSIENT,
    TRANSIENT_CHECKPOINTS,
    DesignSettings,
)
from ssl_dynamics.experiments.kernel.design import Array, Design, Solution, load_by_kernel, save_by_kernel
from ssl_dynamics.kernels import infinite_width_ntk, linear_kernel
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.points import all_points
from ssl_dynamics.problem.schedule import Schedule, late_window, make_schedule, refined
from ssl_dynamics.problem.starts.orthonormal import kernel_root, random_functions
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.tables import MOST_EXTRAPOLATIONS, STEP_RATIO, extrapolated, first_gap, log_ratio
from ssl_dynamics.theory import (
    descent_log_singular_values,
    log_singular_values,
    reduced_kernel_flow,
    regression_descent,
    regression_flow,
    top_eigenfunction,
)
from ssl_dynamics.theory.kernel import ReducedFlow
from ssl_dynamics.unsettled import Unsettled

SMALLEST_EIGENVALUE = 1e-10  # of a kernel, relative to its largest: less is rounding
SMALL_CHANGE = 1e-4  # relative, of a rate, for a derivative by differences

KERNELS: dict[str, Callable[[Array], Array]] = {
    "linear": linear_kernel,
    "relu-ntk": partial(infinite_width_ntk, activation="relu"),
}


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_kernel`: kernels, starts U(0), targets, step sizes, checkpoints."""
    triplets = read_triplets(job.input("triplets"))
    n, available = job.settings.kernel.triplets, len(triplets.anchor)
    if n > available:
        raise ValueError(f"kernel.triplets is {n}; the data set has {available}")
    X = all_points(triplets, n)
    designs = {name: _design(job, name, kernel(X)) for name, kernel in KERNELS.items()}
    save_by_kernel(job.output("schedule"), designs, kernels=np.array(list(KERNELS)))


def _design(job: Job[DesignSettings], name: str, K: Array) -> Design:
    settings = job.settings
    rank = int(np.linalg.matrix_rank(K, tol=SMALLEST_EIGENVALUE * np.linalg.norm(K, 2), hermitian=True))
    if rank < settings.dimension:
        raise Unsettled(
            f"{name}: the kernel on the points has rank {rank}; representations have z = {settings.dimension}"
        )
    start, target = (
        random_functions(
            K,
            settings.dimension,
            seeds=settings.seeds,
            root_seed=settings.root_seed,
            names=(kind, settings.dataset_name, name),
        )
        for kind in ("kernel start", "kernel target")
    )
    A = coupling_matrix(settings.kernel.triplets, loss=settings.loss)
    root = kernel_root(K)
    eigenvalues = np.asarray(np.linalg.eigvalsh(root @ A @ root), dtype=np.float64)
    job.log.info("%s: eigenvalues of K^{1/2}AK^{1/2}: %s", name, np.array2string(eigenvalues[:8], precision=4))
    training = settings.kernel.training
    schedule = make_schedule(eigenvalues, settings.dimension, training)
    error = curve_error(reduced_kernel_flow(K, A, start), schedule)
    finest = refined(schedule, training, {3: error / (SHARE * CURVE_ALLOWED)})
    job.log.info("%s: finest step size %.4g of %.4g", name, finest, training.finest_step)
    schedule = make_schedule(eigenvalues, settings.dimension, training.model_copy(update={"finest_step": finest}))
    norm = float(np.linalg.norm(K, 2))
    rates = schedule.learning_rates * np.abs(eigenvalues).max() / norm  # the same sizes in units of the kernel
    transient = np.linspace(0, TRANSIENT / norm / rates[-1], TRANSIENT_CHECKPOINTS)
    late = np.geomspace(1, settings.kernel.regression_end, LATE_CHECKPOINTS)
    return Design(
        K=K,
        start=start,
        target=target * np.linspace(1, SMALLEST_COLUMN, settings.dimension),
        decay=float(settings.kernel.decay * np.abs(eigenvalues).max()),
        learning_rates=schedule.learning_rates,
        coarse_steps=schedule.coarse_steps,
        regression_rates=np.append(rates, LATE_STEP / norm),
        # Rounded twice: a step size of 0.02 may come out a little off, on either side of a half.
        regression_steps=np.unique(np.rint(transient.round(6)).astype(np.int64)),
        regression_late=np.unique(late.astype(np.int64)),
    )


def curve_error(flow: ReducedFlow, schedule: Schedule) -> float:
    """Largest error of ln(σ_2/σ_1) of descent, extrapolated twice in the step size, over the change of the curve."""
    steps = [
        log_ratio(
            descent_log_singular_values(flow.form, flow.B0, float(rate), schedule.checkpoints(level), through=flow.L)
        )
        for level, rate in enumerate(schedule.learning_rates)
    ]
    curve = log_ratio(log_singular_values(flow.form, flow.B0, schedule.times, through=flow.L))
    twice = extrapolated(steps, 0, richardson_weights(STEP_RATIO, MOST_EXTRAPOLATIONS))
    deviation, change = np.abs(twice - curve).max(axis=-1), np.ptp(curve, axis=-1)
    return float(np.divide(deviation, change, out=np.zeros_like(change), where=change > 0).max())


def solve(job: Job[LossSettings]) -> None:
    """Stage `solve_kernel`."""
    designs = load_by_kernel(job.input("schedule"), Design)
    solutions = {kernel: _solve(plan, job.settings.loss) for kernel, plan in designs.items()}
    save_by_kernel(job.output("solution"), solutions)


def _solve(plan: Design, loss: Loss) -> Solution:
    reduced = reduced_kernel_flow(plan.K, coupling_matrix(len(plan.K) // 3, loss=loss), plan.start)
    L, M, B0, times = reduced.L, reduced.form, reduced.B0, plan.schedule.times
    eigenvalues = np.asarray(np.linalg.eigvalsh(M), dtype=np.float64)
    logs = log_singular_values(M, B0, times, through=L)

    def descent(form: Array) -> dict[int, Array]:
        return {
            level: descent_log_singular_values(
                form, B0, float(learning_rate), plan.schedule.checkpoints(level), through=L
            )
            for level, learning_rate in enumerate(plan.schedule.learning_rates)
        }

    def whole(form: Array, rate: float) -> Array:
        learning_rate = rate * float(plan.schedule.learning_rates[0])
        return descent_log_singular_values(form, B0, learning_rate, plan.schedule.checkpoints(0), through=L)

    def rank(factor: float = 1.0) -> Array:
        """Of regression by descent at `factor` times its rate."""
        first, late = (factor * float(rate) for rate in (plan.regression.learning_rates[0], plan.late_rate))
        early = regression_descent(plan.K, plan.target, plan.start, first, plan.regression.checkpoints(0))
        return effective_rank(
            np.concatenate(
                [early, regression_descent(plan.K, plan.target, early[:, -1], late, plan.regression_late)], axis=1
            )
        )

    def regression(rate: float) -> Array:
        return regression_flow(plan.K, plan.target, plan.start, rate * plan.regression.times)

    forms = {"plain": M, "decay": M + plan.decay * np.eye(len(M))}  # weight decay δ shifts every eigenvalue by δ
    return Solution(
        times=times,
        eigenvalues=eigenvalues,
        late=late_window(times * first_gap(eigenvalues), log_ratio(logs)),
        eigenfunction=top_eigenfunction(reduced),
        log_singular_values=logs,
        log_singular_values_control={
            name: log_singular_values(M, B0, rate * times, through=L) for name, rate in NEAR_RATES.items()
        },
        descent=descent(forms["plain"]),
        descent_decay=descent(forms["decay"]),
        descent_whole={name: whole(form, 1.0) for name, form in forms.items()},
        descent_whole_control={
            (name, rate_name): whole(form, rate)
            for name, form in forms.items()
            for rate_name, rate in NEAR_RATES.items()
        },
        regression=regression(1),
        regression_control={name: regression(rate) for name, rate in NEAR_RATES.items()},
        regression_rank=rank(),
        regression_rank_flow=effective_rank(
            regression_flow(plan.K, plan.target, plan.start, np.concatenate([plan.regression.times, plan.late_times]))
        ),
        regression_rank_slope=(rank(1 + SMALL_CHANGE) - rank(1 - SMALL_CHANGE)) / (2 * SMALL_CHANGE),
    )
