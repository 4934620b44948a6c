"""The flow, orthogonal iteration and their limits, from C and W(0) alone; the step sizes next to those limits."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.finite_steps.config import (
    ITERATION_SIDES,
    ITERATION_STEP,
    LEFT,
    LEVELS,
    RIEMANNIAN_SIDES,
    TRANSIENT,
    DesignSettings,
)
from ssl_dynamics.experiments.finite_steps.design import Design, Solution
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.problem.schedule import size_of, transient_schedule
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.settings import Settings
from ssl_dynamics.theory import (
    grassmann_flow,
    iteration_steps,
    largest_iteration_step,
    largest_riemannian_step,
    leading_eigenspace,
    orthogonal_iteration,
    riemannian_steps,
)


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_finite_steps`: it lies here because the limits in η are theory."""
    settings, steps = job.settings, job.settings.finite_steps
    C = read_form(job.input("quadratic_form"))
    eigenvalues = np.asarray(np.linalg.eigvalsh(C), dtype=np.float64)
    z, norm = settings.dimension, size_of(eigenvalues)
    transient = settings.grassmannian.model_copy(update={"levels": LEVELS, "transient": TRANSIENT})
    schedule = transient_schedule(eigenvalues, transient)
    start = random_orthonormal_start(
        len(eigenvalues), z, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
    )
    limits = {"riemannian": largest_riemannian_step(C), "iteration": largest_iteration_step(-C, z)}
    # A spectrum may have no limit in η: nothing is to be seen then on its sides, and no number of steps is enough.
    exist = {method: np.isfinite(limit) for method, limit in limits.items()}
    rates = {method: limit if exist[method] else ITERATION_STEP / norm for method, limit in limits.items()}
    riemannian_rates = np.array(RIEMANNIAN_SIDES) * rates["riemannian"]
    # For C as it is, λ_d being small, orthogonal iteration has the right limit at all these step sizes: the limit in η
    # is looked for with the roles of positives and negatives exchanged, where C changes its sign.
    exchanged_rates = np.array(ITERATION_SIDES) * rates["iteration"]
    needed = {
        "riemannian": float(riemannian_steps(C, start, riemannian_rates[0], left=LEFT).max()),
        "iteration": float(iteration_steps(-C, start, exchanged_rates[0], left=LEFT).max()),
    }
    needed = {method: count if exist[method] else np.inf for method, count in needed.items()}
    job.log.info("steps next to the limits that the spectrum asks for: %s", needed)
    Design(
        start=start,
        learning_rates=schedule.learning_rates,
        coarse_steps=schedule.coarse_steps,
        iteration_rate=ITERATION_STEP / norm,
        iteration_steps=np.unique(np.geomspace(1, steps.iteration_steps, 40).astype(np.int64)),
        riemannian_rates=riemannian_rates,
        exchanged_rates=exchanged_rates,
        limit_steps={
            # All of them: beyond the limit v_d has to come back from what the way to the span of v_1 … v_z left of it.
            "riemannian": steps.limit_steps,
            "iteration": int(min(max(needed["iteration"], 1), steps.limit_steps)),
        },
        needed_steps=needed,
    ).save(job.output("schedule"))


def solve(job: Job[Settings]) -> None:
    """Stage `solve_finite_steps`."""
    C = read_form(job.input("quadratic_form"))
    plan = Design.load(job.input("schedule"))
    start, rate = plan.start, plan.iteration_rate
    times = plan.schedule.times
    Solution(
        times=times,
        flow=grassmann_flow(C, start, times),
        flow_control={name: grassmann_flow(C, start, wrong * times) for name, wrong in FAR_RATES.items()},
        iteration=orthogonal_iteration(C, start, rate, plan.iteration_steps),
        # What orthogonal iteration would do were it the flow at the same times.
        iteration_control=grassmann_flow(C, start, rate * plan.iteration_steps),
        iteration_wrong={
            name: orthogonal_iteration(C, start, wrong * rate, plan.iteration_steps)
            for name, wrong in NEAR_RATES.items()
        },
        # Of C it is the first of −C; for orthogonal iteration the roles are exchanged, and C has changed its sign.
        last={"riemannian": leading_eigenspace(-C, 1), "iteration": leading_eigenspace(C, 1)},
        iteration_limit={
            side: orthogonal_iteration(-C, start, float(exchanged_rate), [plan.limit_steps["iteration"]])
            for side, exchanged_rate in enumerate(plan.exchanged_rates)
        },
    ).save(job.output("solution"))
