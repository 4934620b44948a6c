"""Learning times from C and W(0) alone, and the plain numbers that training needs."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.learning_times.config import AROUND, FIRST, MARGIN, SolveSettings
from ssl_dynamics.experiments.learning_times.design import Array, Design, Solution
from ssl_dynamics.shared_files import Starts
from ssl_dynamics.theory import leading_eigenspace, learning_times


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_learning_times`: it makes the design too, since training ends when the last direction is learned."""
    settings = job.settings.learning_times
    C = read_form(job.input("quadratic_form"))
    start = Starts.load(job.input("schedule")).start
    predicted = learning_times(C, start)
    largest_step = settings.step / float(np.linalg.norm(C, ord=2))
    # 0 where every start holds every leading direction from the first: there is nothing to predict.
    last = float(np.nanmax(predicted, initial=0.0))
    end = min(max(MARGIN * last / largest_step, 1), settings.max_steps) * largest_step
    times, kept = checkpoints(predicted, end, settings.checkpoints)
    Design(start, largest_step, times, kept).save(job.output("plan"))
    Solution(leading_eigenspace(C, start.shape[-1]), predicted).save(job.output("solution"))


def checkpoints(predicted: Array, end: float, count: int) -> tuple[Array, NDArray[np.int64]]:
    """Times (T,) from 0 to `end`, and the indices (S, K) of those that each seed keeps, from `predicted` t_k (S, z).

    All keep 0 and `count` times spaced logarithmically, each besides what is just before and after its own t_k, so that
    a time that is as predicted is interpolated between neighbours. Seeds that lack a t_k keep times of others.
    """
    common = np.append(0, np.geomspace(FIRST * float(np.nanmin(predicted, initial=end)), end, count))
    own = (predicted[..., None] * np.array([1 - AROUND, 1 + AROUND])).reshape(len(predicted), -1)
    times = np.unique(np.concatenate([common, own[own < end]]))
    wanted = np.isin(times, common) | (times[:, None] == own[:, None]).any(-1)
    most = wanted.sum(axis=1).max()
    return times, np.sort(np.argsort(~wanted, axis=1, kind="stable")[:, :most], axis=1)
