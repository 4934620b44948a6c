"""Stage `plan_departure`: Gaussian nets of all widths and the step sizes of those that are trained."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.departure_plan import LATEST
from ssl_dynamics.pipeline.points import form_of
from ssl_dynamics.pipeline.settings import PlanDepartureSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.gaussian_nets import gaussian_factor, gaussian_net


def compute(job: Job[PlanDepartureSettings]) -> None:
    settings, departure = job.settings, job.settings.departure
    points = read_arrays(job.input("points"))
    C = form_of(points, settings.loss)
    d = len(C)
    eigenvalues = np.linalg.eigvalsh(C)
    job.log.info("eigenvalues of C: %s", np.array2string(eigenvalues[:8], precision=4))
    if eigenvalues[0] >= 0:
        raise ValueError(f"C has no negative eigenvalue (the smallest is {eigenvalues[0]:.3g}): no net departs")
    rate = 4 * -eigenvalues[0] / d
    steps = departure.finest_step * 2.0 ** np.arange(departure.levels)
    widths, trained = (2 ** np.array(logs, dtype=np.int64) for logs in (departure.log2_widths, departure.log2_trained))
    name = settings.dataset_name
    arrays: Arrays = {"widths": widths, "trained": trained, "learning_rates": steps / rate}
    for width in map(int, widths):
        factors = gaussian_factor(
            d, settings.dimension, width, seeds=settings.seeds, root_seed=settings.root_seed, name=name
        )
        arrays[f"first_factor_{width}"], arrays[f"second_factor_{width}"] = factors
        if width in trained:
            nets = gaussian_net(*factors, width, root_seed=settings.root_seed, name=name)
            arrays[f"first_{width}"], arrays[f"second_{width}"] = nets
            arrays[f"coarse_steps_{width}"] = np.array(np.ceil((np.log(width) / 2 + LATEST) / steps[-1]), np.int64)
    write_arrays(job.output("plan"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.plan_departure", PlanDepartureSettings, compute)
