"""Where training on the spectral contrastive loss and the closed form meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.spectral_contrastive.design import Array, Design, Solution, Trajectories
from ssl_dynamics.tables import gram_table, tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_spectral_contrastive`."""
    trained = list(Trajectories.load(job.input("trajectories")).weights.values())
    plan, solution = Design.load(job.input("schedule")), Solution.load(job.input("solution"))
    times = plan.schedule.times
    errors = gram_table(trained, solution.flow, solution.flow_wrong, times, plan.learning_rates)
    tables = {
        "spectral_flow": errors.assign(components=plan.start.shape[-2]),
        "spectral_values": value_table(trained[0], solution, times),
    }
    write_tables(job, "spectral_contrastive", tables)


def value_table(trained: Array, solution: Solution, times: Array) -> pd.DataFrame:
    """Singular values at the finest step size and of the closed form, and their limits √γ_k: a row for each k ≤ z."""
    values = np.linalg.svd(trained, compute_uv=False).astype(np.float64)
    predicted = np.linalg.svd(solution.flow, compute_uv=False).astype(np.float64)
    return pd.concat(
        [
            tidy_rows({"value": values[..., k], "predicted": predicted[..., k]}, times, direction=k + 1, limit=limit)
            for k, limit in enumerate(solution.limit)
        ]
    )
