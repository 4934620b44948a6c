"""Steps of small starts and curves of aligned ones, from C and W(0) alone; the plan of the training."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.stepwise.config import (
    ALIGNED,
    ALIGNED_END,
    FIRST,
    MARGIN,
    SHORT_CHECKPOINTS,
    SolveSettings,
)
from ssl_dynamics.experiments.stepwise.design import Array, Design, Solution
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.schedule import slowest_growth
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.theory import stepwise_aligned_flow, stepwise_law


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_stepwise`: it makes the design too, since training ends when the last mode has been learned."""
    settings, stepwise = job.settings, job.settings.stepwise
    z, name, root_seed = settings.dimension, settings.dataset_name, settings.root_seed
    C = read_form(job.input("quadratic_form"))
    eigenvalues, V = np.linalg.eigh(C)
    slowest = slowest_growth(np.asarray(eigenvalues, np.float64), z)  # modes with γ ≤ 0 are never learned
    gamma, leading = -eigenvalues[:z], V[:, :z]
    start = random_orthonormal_start(len(C), z, seeds=settings.seeds, root_seed=root_seed, name=name)
    small = stepwise.scale * np.sqrt(len(C) / gamma[0]) * start
    drawn = [stream(root_seed, "aligned", name, z, seed).uniform(size=z) for seed in range(settings.seeds)]
    sizes = np.sqrt(ALIGNED[0] * (ALIGNED[1] / ALIGNED[0]) ** np.array(drawn) / gamma)
    # Scaled so that all modes together hold as much at the start as one that has been learned.
    held = (np.abs(eigenvalues) * ((V.T @ start) ** 2).sum(-1)).sum(-1)
    law = stepwise_law(C, small)

    largest_step = stepwise.step / (8 * gamma[0])
    longest = stepwise.max_steps * largest_step
    end = min(MARGIN * law.times.max(), longest)
    times = np.geomspace(min(FIRST * law.times.min(), end / 2), end, stepwise.checkpoints)
    short_end = min(ALIGNED_END / (8 * slowest), longest)
    short_times = np.append(0, np.geomspace(min(largest_step, short_end / 2), short_end, SHORT_CHECKPOINTS))
    Design(
        small=small,
        aligned=leading * sizes[:, None, :],
        large=start / np.sqrt(held)[:, None, None],
        largest_step=largest_step,
        times=times,
        short_times=short_times,
    ).save(job.output("plan"))

    def aligned(rate: float) -> Array:
        eigenvalues_of_moment: Array = gamma * stepwise_aligned_flow(C, sizes, rate * short_times) ** 2
        return eigenvalues_of_moment

    # As if each output had a mode of its own from the start.
    own = gamma * np.diagonal(leading.T @ small, axis1=-2, axis2=-1) ** 2
    Solution(
        leading=leading,
        gamma=gamma,
        aligned=aligned(1.0),
        aligned_wrong={wrong: aligned(rate) for wrong, rate in NEAR_RATES.items()},
        curves=law.eigenvalues(times),
        times=law.times,
        naive_times=(np.log1p(-own) - np.log(own)) / law.growth,
        interplay=law.interplay,
        carried=law.carried,
    ).save(job.output("solution"))
