"""Stage `schedule_kernel`: kernels, starts U(0), targets, step sizes, checkpoints: what simulation and theory share."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.kernels import infinite_width_ntk, linear_kernel
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.points import all_points
from ssl_dynamics.pipeline.schedule import make_schedule
from ssl_dynamics.pipeline.settings import ScheduleKernelSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.start import kernel_root, random_functions

Array = NDArray[np.float64]

KERNELS: dict[str, Callable[[Array], Array]] = {
    "linear": linear_kernel,
    "relu-ntk": partial(infinite_width_ntk, activation="relu"),
}

# Regression, in units of 1/‖K‖: the transient in which step sizes are compared, and the step size (stable below 2) at
# which the run at the finest goes on to its end.
TRANSIENT, LATE_STEP = 8.0, 1.0
TRANSIENT_CHECKPOINTS, LATE_CHECKPOINTS = 9, 12
# Size of the last column of the target over that of the first: its effective rank differs from that of a random start
# by some percent, and no column is as small as what directions with small eigenvalues of K keep of the start.
SMALLEST_COLUMN = 0.4


def compute(job: Job[ScheduleKernelSettings]) -> None:
    triplets = read_arrays(job.input("triplets"))
    n = job.settings.kernel.triplets
    available = len(triplets["anchor"])
    if n > available:
        raise ValueError(f"kernel.triplets is {n}; the data set has {available}")
    X = all_points(triplets, n)
    arrays: Arrays = {"kernels": np.array(list(KERNELS))}
    for name, kernel in KERNELS.items():
        arrays |= {f"{key}_{name}": values for key, values in _plan(job, name, kernel(X)).items()}
    write_arrays(job.output("schedule"), arrays)


def _plan(job: Job[ScheduleKernelSettings], name: str, K: Array) -> Arrays:
    settings = job.settings
    start, target = (
        random_functions(
            K,
            settings.dimension,
            seeds=settings.seeds,
            root_seed=settings.root_seed,
            names=(kind, settings.dataset_name, name),
        )
        for kind in ("kernel start", "kernel target")
    )
    target = target * np.linspace(1, SMALLEST_COLUMN, settings.dimension)
    A = coupling_matrix(settings.kernel.triplets, loss=settings.loss)
    root = kernel_root(K)
    eigenvalues = np.asarray(np.linalg.eigvalsh(root @ A @ root), dtype=np.float64)
    job.log.info("%s: eigenvalues of K^{1/2}AK^{1/2}: %s", name, np.array2string(eigenvalues[:8], precision=4))
    schedule = make_schedule(eigenvalues, settings.dimension, settings.kernel.training)
    norm = float(np.linalg.norm(K, 2))
    rates = schedule.learning_rates * np.abs(eigenvalues).max() / norm  # the same sizes in units of the kernel
    transient = np.linspace(0, TRANSIENT / norm / rates[-1], TRANSIENT_CHECKPOINTS)
    return {
        "K": K,
        "start": start,
        "target": target,
        "decay": np.array(settings.kernel.decay * np.abs(eigenvalues).max()),
        "learning_rates": schedule.learning_rates,
        "coarse_steps": schedule.coarse_steps,
        "regression_rates": np.append(rates, LATE_STEP / norm),
        # Rounded twice: a step size of 0.02 may come out a little off, on either side of a half.
        "regression_steps": np.unique(np.rint(transient.round(6)).astype(np.int64)),
        "regression_late": np.unique(
            np.geomspace(1, settings.kernel.regression_end, LATE_CHECKPOINTS).astype(np.int64)
        ),
    }


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.schedule_kernel", ScheduleKernelSettings, compute)
