"""Stage `simulate_kernel`: train in function space on each kernel, self-supervised and on a regression target."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.kernel_plan import KernelPlan, read_plans
from ssl_dynamics.pipeline.settings import LossSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.settings import Loss
from ssl_dynamics.simulation.functions import train_regression_functions, train_triplet_functions

Array = NDArray[np.float64]


def compute(job: Job[LossSettings]) -> None:
    plans = dict(read_plans(read_arrays(job.input("schedule"))))
    progress = Progress(job, sum(plan.total_steps for plan in plans.values()))
    arrays: Arrays = {}
    for name, plan in plans.items():
        runs = _self_supervised(plan, job.settings.loss, progress) | _regression(plan, progress)
        arrays |= {f"{key}_{name}": values for key, values in runs.items()}
    write_arrays(job.output("trajectories"), arrays)


def _self_supervised(plan: KernelPlan, loss: Loss, progress: Progress) -> Arrays:
    """Every seed twice, side by side: without and with weight decay."""
    seeds = len(plan.start)
    decay = np.repeat([0.0, plan.decay], seeds)
    arrays: Arrays = {}
    for level, learning_rate in enumerate(plan.schedule.learning_rates):
        run = train_triplet_functions(
            plan.K,
            np.concatenate([plan.start, plan.start]),
            loss,
            learning_rate=float(learning_rate),
            checkpoints=plan.schedule.checkpoints(level),
            decay=decay,
            on_step=lambda _: progress.advance(),
        )
        for suffix, part in (("", slice(seeds)), ("_decay", slice(seeds, None))):
            arrays[f"functions{suffix}_{level}"] = run.functions[part]
            arrays[f"log_scale{suffix}_{level}"] = run.log_scale[part]
    return arrays


def _regression(plan: KernelPlan, progress: Progress) -> Arrays:
    """The transient at every step size; from the finest on to the end in larger steps."""

    def run(start: Array, learning_rate: float, checkpoints: list[int]) -> Array:
        return train_regression_functions(
            plan.K,
            start,
            plan.target,
            learning_rate=learning_rate,
            checkpoints=checkpoints,
            on_step=lambda _: progress.advance(),
        ).functions

    arrays = {
        f"regression_{level}": run(plan.start, float(rate), plan.regression.checkpoints(level))
        for level, rate in enumerate(plan.regression.learning_rates)
    }
    arrays["regression_late"] = run(arrays["regression_0"][:, -1], plan.late_rate, plan.late_steps.tolist())
    return arrays


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_kernel", LossSettings, compute)
