"""Stage `compare_mini_batch`: how far training on batches strays from the flow."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]


def compute(job: Job[CompareSettings]) -> None:
    table = noise_table(*(read_arrays(job.input(name)) for name in ("trajectories", "plan", "solution")))
    write_tables(job, "mini_batch", {"noise": table})


def noise_table(trajectories: Arrays, plan: Arrays, solution: Arrays) -> pd.DataFrame:
    """Root mean square over the checkpoints of the projector distance to the flow, one row a seed and (η‖C‖, B).

    `deviation_full` is that of the full batch, the same in every row of one step size. The cells of a chequerboard in
    (η, B) are marked `fitted`; the others test what was fitted.
    """

    def deviation(weights: Array) -> Array:
        distance = projector_distance(weights[:, 1:], solution["basis"][:, 1:])
        return np.asarray(np.sqrt((distance**2).mean(axis=1)))

    rows = []
    for i, step in enumerate(plan["learning_rates"] * plan["norm"]):
        full = deviation(trajectories[f"weights_{i}_full"])
        for j, batch in enumerate(trajectories["batches"].tolist()):
            values = {"deviation": deviation(trajectories[f"weights_{i}_{batch}"]), "deviation_full": full}
            cell = {"step": step, "batch": batch, "fitted": (i + j) % 2 == 0, "seed": np.arange(len(full))}
            rows.append(pd.DataFrame({**cell, **values}))
    return pd.concat(rows)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_mini_batch", CompareSettings, compute)
