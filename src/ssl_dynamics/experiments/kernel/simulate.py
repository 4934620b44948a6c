"""Trains in function space on each kernel, self-supervised and on a regression target."""

import numpy as np

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.kernel.design import Array, Design, Trajectories, load_by_kernel, save_by_kernel
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.simulation.device import train_on
from ssl_dynamics.simulation.functions import FunctionTrajectory, train_regression_functions, train_triplet_functions


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_kernel`."""
    train_on(job.settings.device)
    plans = load_by_kernel(job.input("schedule"), Design)
    progress = Progress(job, sum(plan.total_steps for plan in plans.values()))
    runs = {kernel: _train(plan, job.settings.loss, progress) for kernel, plan in plans.items()}
    save_by_kernel(job.output("trajectories"), runs)


def _train(plan: Design, loss: Loss, progress: Progress) -> Trajectories:
    seeds = len(plan.start)
    runs = dict(enumerate(_self_supervised(plan, loss, progress)))
    regression, regression_late = _regression(plan, progress)
    return Trajectories(
        functions={level: run.functions[:seeds] for level, run in runs.items()},
        functions_decay={level: run.functions[seeds:] for level, run in runs.items()},
        log_scale={level: run.log_scale[:seeds] for level, run in runs.items()},
        log_scale_decay={level: run.log_scale[seeds:] for level, run in runs.items()},
        regression=regression,
        regression_late=regression_late,
    )


def _self_supervised(plan: Design, loss: Loss, progress: Progress) -> list[FunctionTrajectory]:
    """At every step size; every seed twice, side by side: without and with weight decay."""
    return [
        train_triplet_functions(
            plan.K,
            np.concatenate([plan.start, plan.start]),
            loss,
            learning_rate=float(learning_rate),
            checkpoints=plan.schedule.checkpoints(level),
            decay=np.repeat([0.0, plan.decay], len(plan.start)),
            on_step=lambda _: progress.advance(),
        )
        for level, learning_rate in enumerate(plan.schedule.learning_rates)
    ]


def _regression(plan: Design, progress: Progress) -> tuple[dict[int, Array], Array]:
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

    transient = {
        level: run(plan.start, float(learning_rate), plan.regression.checkpoints(level))
        for level, learning_rate in enumerate(plan.regression.learning_rates)
    }
    return transient, run(transient[0][:, -1], plan.late_rate, plan.regression_late.tolist())
