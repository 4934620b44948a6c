"""Stage `simulate_objectives`: train on every objective from the same starts, and on InfoNCE at high temperatures."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.objectives import scaled_batch
from ssl_dynamics.pipeline.settings import SimulateObjectivesSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.simulation.objectives import descend, info_nce_solutions


def compute(job: Job[SimulateObjectivesSettings]) -> None:
    settings = job.settings
    schedule = read_arrays(job.input("schedule"))
    batch = scaled_batch(read_arrays(job.input("triplets")), schedule)
    progress = Progress(job, sum(settings.iterations.values()) + settings.temperature_iterations)
    arrays: Arrays = {}
    for objective, iterations in settings.iterations.items():
        # Most happens early: a quadratic grid looks more often there.
        grid = np.unique(np.rint(iterations * np.linspace(0, 1, settings.checkpoints) ** 2).astype(np.int64))
        descent = descend(
            batch,
            schedule["start"],
            objective,
            checkpoints=grid.tolist(),
            tolerance=settings.tolerance,
            on_step=progress.advance,
        )
        left = (descent.gradient_norms[:, -1] / descent.gradient_norms[:, 0]).max()
        job.log.info("%s: %.3g of the gradient left after %d iterations", objective, left, descent.checkpoints[-1])
        arrays |= {f"{objective}_{name}": values for name, values in vars(descent).items()}
    arrays["info_nce_limit"] = info_nce_solutions(
        batch,
        schedule["start"],
        schedule["temperatures"],
        tolerance=settings.temperature_tolerance,
        max_iterations=settings.temperature_iterations,
        on_step=progress.advance,
    )
    write_arrays(job.output("trajectories"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_objectives", SimulateObjectivesSettings, compute)
