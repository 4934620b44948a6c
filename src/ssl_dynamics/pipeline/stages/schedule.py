"""Stage `schedule`: starts W(0), step sizes and checkpoints, the only things that simulation and theory share."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.schedule import make_schedule
from ssl_dynamics.pipeline.settings import ScheduleSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.start import random_orthonormal_start


def compute(job: Job[ScheduleSettings]) -> None:
    settings = job.settings
    eigenvalues = np.linalg.eigvalsh(read_arrays(job.input("quadratic_form"))["C"])
    job.log.info("eigenvalues of C: %s … %.4g", np.array2string(eigenvalues[:12], precision=4), eigenvalues[-1])
    schedule = make_schedule(eigenvalues, settings.dimension, settings.dynamics)
    start = random_orthonormal_start(
        len(eigenvalues),
        settings.dimension,
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        name=settings.dataset_name,
    )
    write_arrays(
        job.output("schedule"),
        {
            "start": start,
            "learning_rates": schedule.learning_rates,
            "coarse_steps": schedule.coarse_steps,
            "shared": np.array(schedule.shared),
        },
    )


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.schedule", ScheduleSettings, compute)
