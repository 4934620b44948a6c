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
    if np.isnan(predicted).all():
        raise ValueError("every start has acquired every leading direction: there is nothing to predict")
    learning_rate = settings.step / float(np.linalg.norm(C, ord=2))
    steps = int(np.ceil(MARGIN * np.nanmax(predicted) / learning_rate))
    if steps > settings.max_steps:
        raise ValueError(
            f"the last direction is learned at t = {np.nanmax(predicted):.3g}, after {steps} steps; max_steps is "
            f"{settings.max_steps}: choose another dimension or raise max_steps"
        )
    checkpoints = np.unique(np.rint(np.geomspace(1, steps, settings.checkpoints)).astype(np.int64))
    Design(start, learning_rate, np.append(0, checkpoints)).save(job.output("plan"))
    Solution(leading_eigenspace(C, start.shape[-1]), predicted).save(job.output("solution"))
