"""How far training on batches strays from the flow."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
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
    """Root mean square over the checkpoints of the projector distance to the flow, one row a seed and (η‖C‖, B).

    `deviation_full` is that of the full batch, the same in every row of one step size. The cells of a chequerboard in
    (η, B) are marked `fitted`; the others test what was fitted.
    """

    def deviation(weights: Array) -> Array:
        distance = projector_distance(weights[:, 1:], solution.basis[:, 1:])
        return np.asarray(np.sqrt((distance**2).mean(axis=1)))

    rows = []
    for i, step in enumerate(plan.learning_rates * plan.norm):
        full = deviation(trajectories.weights[i, "full"])
        for j, batch in enumerate(trajectories.batches.tolist()):
            values = {"deviation": deviation(trajectories.weights[i, str(batch)]), "deviation_full": full}
            cell = {"step": step, "batch": batch, "fitted": (i + j) % 2 == 0, "seed": np.arange(len(full))}
            rows.append(pd.DataFrame({**cell, **values}))
    return pd.concat(rows)
