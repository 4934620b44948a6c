"""Learning times from C and W(0) alone, and the plain numbers that training needs."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.learning_times.config import MARGIN, SolveSettings
from ssl_dynamics.experiments.learning_times.design import Design, Solution
from ssl_dynamics.shared_files import Starts
from ssl_dynamics.theory import leading_eigenspace, learning_times


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_learning_times`: it makes the design too, since training ends when the last direction is learned."""
    settings = job.settings.learning_times
    C = read_form(job.input("quadratic_form"))
    start = Starts.load(job.input("schedule")).start
    predicted = learning_times(C, start)
    learning_rate = settings.step / float(np.linalg.norm(C, ord=2))
    # 0 where every start holds every leading direction from the first: there is nothing to predict.
    last = float(np.nanmax(predicted, initial=0.0))
    steps = min(max(int(np.ceil(MARGIN * last / learning_rate)), 1), settings.max_steps)
    checkpoints = np.unique(np.rint(np.geomspace(1, steps, settings.checkpoints)).astype(np.int64))
    Design(start, learning_rate, np.append(0, checkpoints)).save(job.output("plan"))
    Solution(leading_eigenspace(C, start.shape[-1]), predicted).save(job.output("solution"))
