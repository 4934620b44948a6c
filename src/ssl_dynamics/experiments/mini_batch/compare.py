"""How far training on batches strays from the flow."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import graph_over, projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.mini_batch.config import NO_NOISE
from ssl_dynamics.experiments.mini_batch.design import Array, Design, Solution, Trajectories


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_mini_batch`."""
    table = noise_table(
        Trajectories.load(job.input("trajectories")),
        Design.load(job.input("plan")),
        Solution.load(job.input("solution")),
    )
    write_tables(job, "mini_batch", {"noise": table})


def noise_table(trajectories: Trajectories, plan: Design, solution: Solution) -> pd.DataFrame:
    """How far batches take training from the flow, one row a seed and (η‖C‖, B); means over checkpoints.

    `deviation` is the root mean square projector distance, `predicted` at least what is predicted of it: that of δG/√z.
    `ratio` is the mean of δG_jk² over its predicted variance, over all coordinates that have one, less the square of
    the bias of finite steps. That bias, and with it `deviation_full`, is measured on the full batch at the largest
    step size and is in proportion to η.
    """
    z = solution.graph.shape[-1]
    flow, variance = solution.graph[:, 1:], solution.variance[:, 1:]
    noisy = variance > NO_NOISE * variance.max(axis=(-2, -1), keepdims=True)

    def offset(weights: Array) -> Array:
        moved: Array = graph_over(solution.eigenvectors, weights[:, 1:]) - flow
        return moved

    def deviation(weights: Array) -> Array:
        distance = projector_distance(weights[:, 1:], solution.basis[:, 1:])
        return np.asarray(np.sqrt((distance**2).mean(axis=1)))

    bias, biased = offset(trajectories.full), deviation(trajectories.full)
    rows = []
    for i, rate in enumerate(plan.learning_rates):
        share = rate / plan.learning_rates[-1]
        for batch in trajectories.batches.tolist():
            weights, noise = trajectories.weights[i, str(batch)], rate / batch
            squares = offset(weights) ** 2 - (share * bias) ** 2
            standard = np.divide(squares, noise * variance, out=np.zeros_like(squares), where=noisy)
            values = {
                "deviation": deviation(weights),
                "deviation_full": share * biased,
                "predicted": np.sqrt(noise * variance.sum(axis=(-2, -1)).mean(axis=1) / z),
                "ratio": standard.sum(axis=(1, 2, 3)) / noisy.sum(axis=(1, 2, 3)),
            }
            cell = {"step": rate * plan.norm, "batch": batch, "seed": np.arange(len(weights))}
            rows.append(pd.DataFrame({**cell, **values}))
    return pd.concat(rows)
