"""Stage `solve_learning_times`: learning times from C and W(0) alone, and the plain numbers that training needs."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import SolveLearningTimesSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.theory import leading_eigenspace, learning_times

MARGIN = 1.1  # training goes on a little longer than the last learning time that is predicted


def compute(job: Job[SolveLearningTimesSettings]) -> None:
    settings = job.settings.learning_times
    C = read_arrays(job.input("quadratic_form"))["C"]
    start = read_arrays(job.input("schedule"))["start"]
    predicted = learning_times(C, start)
    if np.isnan(predicted).all():
        raise ValueError("every start has acquired every leading direction: there is nothing to predict")
    learning_rate = settings.step / np.linalg.norm(C, ord=2)
    steps = int(np.ceil(MARGIN * np.nanmax(predicted) / learning_rate))
    if steps > settings.max_steps:
        raise ValueError(
            f"the last direction is learned at t = {np.nanmax(predicted):.3g}, after {steps} steps; max_steps is "
            f"{settings.max_steps}: choose another dimension or raise max_steps"
        )
    checkpoints = np.unique(np.rint(np.geomspace(1, steps, settings.checkpoints)).astype(np.int64))
    write_arrays(
        job.output("plan"),
        {"start": start, "learning_rate": np.array(learning_rate), "checkpoints": np.append(0, checkpoints)},
    )
    leading = leading_eigenspace(C, start.shape[-1])
    write_arrays(job.output("solution"), {"leading": leading, "learning_times": predicted})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_learning_times", SolveLearningTimesSettings, compute)
