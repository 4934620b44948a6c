"""Learning times from C and W(0) alone, and the plain numbers that training needs."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.learning_times.config import FIRST, MARGIN, SolveSettings
from ssl_dynamics.experiments.learning_times.design import Design, Solution
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
    first = FIRST * float(np.nanmin(predicted, initial=end))
    times = np.append(0, np.geomspace(first, end, settings.checkpoints))
    Design(start, largest_step, times).save(job.output("plan"))
    Solution(leading_eigenspace(C, start.shape[-1]), predicted).save(job.output("solution"))
