"""Stage `finite_steps_schedule`: starts, step sizes and step counts of the finite-step experiment."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.schedule import transient_schedule
from ssl_dynamics.pipeline.settings import FiniteStepsScheduleSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.start import random_orthonormal_start
from ssl_dynamics.theory import largest_iteration_step, largest_riemannian_step

LEVELS = 3  # step sizes for the fitted order of a retraction
TRANSIENT = 6.0  # in units of 1/‖C‖: retractions are compared while errors are large
# Next to a limit, on its right and on its wrong side.
RIEMANNIAN_SIDES = (0.97, 1.01)
ITERATION_SIDES = (0.98, 1.02)
# Orthogonal iteration is followed at this step size, in units of 1/‖C‖: far from the flow.
ITERATION_STEP = 0.1


def compute(job: Job[FiniteStepsScheduleSettings]) -> None:
    settings = job.settings
    C = read_arrays(job.input("quadratic_form"))["C"]
    eigenvalues = np.linalg.eigvalsh(C)
    z = settings.dimension
    transient = settings.grassmannian.model_copy(update={"levels": LEVELS, "transient": TRANSIENT})
    schedule = transient_schedule(eigenvalues, transient)
    start = random_orthonormal_start(
        len(eigenvalues), z, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
    )
    # For C as it is, λ_d being small, orthogonal iteration has the right limit at all these step sizes: the limit in η
    # is looked for with the roles of positives and negatives exchanged, where C changes its sign.
    steps = settings.finite_steps
    write_arrays(
        job.output("schedule"),
        {
            "start": start,
            "learning_rates": schedule.learning_rates,
            "coarse_steps": schedule.coarse_steps,
            "iteration_rate": np.array(ITERATION_STEP / np.abs(eigenvalues).max()),
            "iteration_steps": np.unique(np.geomspace(1, steps.iteration_steps, 40).astype(np.int64)),
            "riemannian_rates": np.array(RIEMANNIAN_SIDES) * largest_riemannian_step(C),
            "exchanged_rates": np.array(ITERATION_SIDES) * largest_iteration_step(-C, z),
            "limit_steps": np.array(steps.limit_steps),
        },
    )


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.finite_steps_schedule", FiniteStepsScheduleSettings, compute)
