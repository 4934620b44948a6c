"""Stage `simulate_departure`: trains linear nets until their tangent kernel, formed from the weights, has departed."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.kernels import two_layer_ntk
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.departure_plan import LIMIT, read_plan
from ssl_dynamics.pipeline.settings import LossSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.linear_nets import train_linear_nets

Array = NDArray[np.float64]


class KernelDrift:
    """‖Θ − Θ(0)‖_F/‖Θ(0)‖_F of the tangent kernel on some points, for each net."""

    def __init__(self, X: Array, first: Array, second: Array) -> None:
        self._X = X
        self._start = two_layer_ntk(X, first, second, activation="identity")
        self._norm = np.linalg.norm(self._start, axis=(-2, -1))

    def __call__(self, first: Array, second: Array) -> Array:
        change = two_layer_ntk(self._X, first, second, activation="identity") - self._start
        drift: Array = np.linalg.norm(change, axis=(-2, -1)) / self._norm
        return drift


def compute(job: Job[LossSettings]) -> None:
    stored = read_arrays(job.input("points"))
    points = Triplets(stored["anchor"], stored["positive"], stored["negative"])
    plan = read_plan(read_arrays(job.input("plan")))
    runs = [(width, level) for width in map(int, plan.trained) for level in range(len(plan.learning_rates))]
    progress = Progress(job, sum(plan.most_steps(width, level) for width, level in runs))
    arrays: Arrays = {}
    for width, level in runs:
        first, second = plan.nets(width)
        run = train_linear_nets(
            points,
            first,
            second,
            job.settings.loss,
            learning_rate=float(plan.learning_rates[level]),
            every=plan.every(level),
            most_steps=plan.most_steps(width, level),
            observe=KernelDrift(points.anchor, first, second),
            limit=LIMIT,
            on_step=progress.advance,
        )
        arrays[f"drift_{width}_{level}"] = run.values
        arrays[f"times_{width}_{level}"] = run.steps * plan.learning_rates[level]
    write_arrays(job.output("trajectories"), arrays)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_departure", LossSettings, compute)
