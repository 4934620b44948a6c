"""Test accuracy of probes on the constrained model, as trained and as predicted."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import combined_span, richardson_weights
from ssl_dynamics.cells import write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.downstream.config import ProbeSettings
from ssl_dynamics.labelled import Labelled
from ssl_dynamics.problem.levels import FAR_RATES
from ssl_dynamics.shared_files import GrassmannianSolution, Trajectories
from ssl_dynamics.tables import STEP_RATIO, tidy_rows

Array = NDArray[np.float64]


def compare(job: Job[ProbeSettings]) -> None:
    """Stage `compare_downstream`."""
    table = accuracy_table(
        Trajectories.load(job.input("trajectories")),
        GrassmannianSolution.load(job.input("solution")),
        Labelled.load(job.input("labelled")),
        job.settings.penalty,
    )
    write_tables(job, "downstream", {"accuracy": table})


def accuracy_table(
    trajectories: Trajectories, solution: GrassmannianSolution, labelled: Labelled, penalty: float
) -> pd.DataFrame:
    """Accuracies at every checkpoint: trained, extrapolated to η → 0 once, predicted, predicted at wrong rates.

    After the transient training goes on at a single step size: nothing is extrapolated there but the end, at which the
    span is at its limit for every step size, and which is as trained.
    """
    W = trajectories.whole()
    fine, coarse, *_ = trajectories.by_step_size()
    span = combined_span([coarse, fine], richardson_weights(STEP_RATIO, 1).tolist())
    models = {
        "trained": W,
        "extrapolated": span,
        "predicted": solution.basis,
        "predicted_control": solution.basis_quarter,
        **{f"predicted_{name}": at_rate(solution, name) for name in FAR_RATES},
    }
    tables = []
    for probe, accuracies in labelled.accuracies(models, penalty).items():
        known = np.full_like(accuracies["trained"], np.nan)
        known[:, -1] = accuracies["trained"][:, -1]
        known[:, : span.shape[1]] = accuracies["extrapolated"]  # to the end, where training does not go on
        accuracies["extrapolated"] = known
        tables.append(tidy_rows(accuracies, solution.times).assign(probe=probe))
    return pd.concat(tables)


def at_rate(solution: GrassmannianSolution, name: str) -> Array:
    """The closed form at a wrong rate over the transient, and at the right one after it, when it is at its limit."""
    wrong = solution.basis_wrong[name]
    return np.concatenate([wrong, solution.basis[:, wrong.shape[1] :]], axis=1)
