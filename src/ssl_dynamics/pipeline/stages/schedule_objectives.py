"""Stage `schedule_objectives`: batch, scale, starts and temperatures, all that simulation and theory share."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.objectives import batch_scale
from ssl_dynamics.pipeline.schedule import make_temperatures
from ssl_dynamics.pipeline.settings import ScheduleObjectivesSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.quadratic import in_batch_form
from ssl_dynamics.problem.start import random_orthonormal_start


def compute(job: Job[ScheduleObjectivesSettings]) -> None:
    settings = job.settings
    stored = read_arrays(job.input("triplets"))
    anchor, positive = (stored[name][: settings.triplets] for name in ("anchor", "positive"))
    scale = batch_scale(anchor, settings.dimension)
    eigenvalues = np.linalg.eigvalsh(in_batch_form(anchor / scale, positive / scale)).astype(np.float64)
    temperatures = make_temperatures(eigenvalues, settings.dimension, settings.temperatures)
    job.log.info("scale %.4g; temperatures %s", scale, np.array2string(temperatures, precision=4))
    start = random_orthonormal_start(
        anchor.shape[1],
        settings.dimension,
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        name=settings.dataset_name,
    )
    write_arrays(
        job.output("schedule"),
        {
            "start": start,
            "triplets": np.array(len(anchor)),
            "scale": np.array(scale),
            "temperatures": temperatures,
        },
    )


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.schedule_objectives", ScheduleObjectivesSettings, compute)
