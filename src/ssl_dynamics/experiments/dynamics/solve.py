"""Starts, step sizes and checkpoints; the closed forms there, from C, W(0) and the anchors' R, and at wrong rates."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.dynamics.config import DesignSettings, SolveSettings
from ssl_dynamics.experiments.dynamics.step_control import suited
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.problem.schedule import late_window, make_schedule
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.problem.triplets import Array
from ssl_dynamics.shared_files import GrassmannianSolution, Starts, UnconstrainedSolution, read_triplets
from ssl_dynamics.tables import first_gap, log_ratio
from ssl_dynamics.theory import (
    descent_log_singular_values,
    grassmann_flow,
    grassmann_tangent,
    integrate_grassmann_flow,
    leading_eigenspace,
    log_singular_values,
    tangent_bound,
)


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_dynamics`: it lies here because it takes theory to say how large the errors of steps will be."""
    settings, dynamics = job.settings, job.settings.dynamics
    C = read_form(job.input("quadratic_form"))
    eigenvalues = np.asarray(np.linalg.eigvalsh(C), np.float64)
    job.log.info("eigenvalues of C: %s … %.4g", np.array2string(eigenvalues[:12], precision=4), eigenvalues[-1])
    start = random_orthonormal_start(
        len(C), settings.dimension, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
    )
    suitable = suited(C, start, dynamics)
    job.log.info("finest step size %.4g of %.4g", suitable.finest_step, dynamics.finest_step)
    schedule = make_schedule(eigenvalues, settings.dimension, suitable)
    Starts(start, schedule.learning_rates, schedule.coarse_steps, schedule.shared).save(job.output("schedule"))


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve`."""
    C, starts = read_form(job.input("quadratic_form")), Starts.load(job.input("schedule"))
    if job.settings.dynamics == "unconstrained":
        # Singular values of representations XW are those of RW: all that is seen of the triplets.
        R = np.asarray(np.linalg.qr(read_triplets(job.input("triplets")).anchor, mode="r"), np.float64)
        _unconstrained(C, starts, R).save(job.output("solution"))
    else:
        _grassmannian(C, starts).save(job.output("solution"))


def _unconstrained(C: Array, starts: Starts, R: Array) -> UnconstrainedSolution:
    """Without the constraint; a flow at a wrong rate is the same at other times."""
    start, schedule = starts.start, starts.schedule
    times, eigenvalues = schedule.times, np.asarray(np.linalg.eigvalsh(C), np.float64)
    logs = log_singular_values(C, start, times)

    def through(rate: float) -> Array:
        """Of RW_k at the finest step size."""
        learning_rate = rate * float(schedule.learning_rates[0])
        return descent_log_singular_values(C, start, learning_rate, schedule.checkpoints(0), through=R)

    return UnconstrainedSolution(
        times=times,
        eigenvalues=eigenvalues,
        leading=leading_eigenspace(C, start.shape[-1]),
        log_singular_values=logs,
        log_singular_values_control={
            name: log_singular_values(C, start, rate * times) for name, rate in NEAR_RATES.items()
        },
        span=grassmann_flow(C, start, times),
        span_control={name: grassmann_flow(C, start, rate * times) for name, rate in FAR_RATES.items()},
        late=late_window(times * first_gap(eigenvalues), log_ratio(logs)),
        descent={
            level: descent_log_singular_values(C, start, float(rate), schedule.checkpoints(level))
            for level, rate in enumerate(schedule.learning_rates)
        },
        descent_through=through(1.0),
        descent_through_control={name: through(rate) for name, rate in NEAR_RATES.items()},
    )


def _grassmannian(C: Array, starts: Starts) -> GrassmannianSolution:
    start, times = starts.start, starts.schedule.times
    return GrassmannianSolution(
        times=times,
        eigenvalues=np.asarray(np.linalg.eigvalsh(C), np.float64),
        leading=leading_eigenspace(C, start.shape[-1]),
        basis=grassmann_flow(C, start, times),
        basis_quarter=grassmann_flow(C, start, times / 4),
        basis_wrong={
            name: grassmann_flow(C, start, rate * times[: starts.shared])
            for name, rate in (NEAR_RATES | FAR_RATES).items()
        },
        integrated=integrate_grassmann_flow(C, start, times[: starts.shared]),
        tangent=grassmann_tangent(C, start, times),
        tangent_bound=tangent_bound(C, start, times),
        tangent_bound_control=tangent_bound(C, start, 2 * times),  # had the gap been twice as wide
    )
