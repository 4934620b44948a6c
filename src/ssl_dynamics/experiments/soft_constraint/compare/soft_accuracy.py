"""Test accuracy of probes on the penalised model, as trained and as predicted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ssl_dynamics.cells import write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint.compare.soft_constraint import TWICE
from ssl_dynamics.experiments.soft_constraint.config import EVERY, AccuracySettings
from ssl_dynamics.experiments.soft_constraint.design import Array, Design, Solution, Trajectories
from ssl_dynamics.labelled import Labelled
from ssl_dynamics.problem.levels import FAR_RATES
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[AccuracySettings]) -> None:
    """Stage `compare_soft_accuracy`."""
    table = accuracy_table(
        list(Trajectories.load(job.input("trajectories")).weights.values()),
        Design.load(job.input("schedule")),
        Solution.load(job.input("solution")),
        Labelled.load(job.input("labelled")),
        job.settings.penalty,
    )
    write_tables(job, "soft_accuracy", {"soft_accuracy": table})


def accuracy_table(
    trained: Sequence[Array], plan: Design, solution: Solution, labelled: Labelled, penalty: float
) -> pd.DataFrame:
    """Accuracies at every penalty, at every other time: as trained and extrapolated twice, and as predicted.

    `predicted_NAME` is what the closed form has at a wrong rate, `predicted_half` at half of it; `constrained` what the
    constraint would have, whose span is the same. Training, finest step size first.
    """
    times = plan.schedule.times[::EVERY]
    constrained = labelled.accuracies({"constrained": solution.span[:, ::EVERY]}, penalty)
    tables = []
    for index, strength in enumerate(plan.strengths):
        models = {
            "trained": extrapolated_weights([W[index, :, ::EVERY] for W in trained]),
            "predicted": solution.flow[index, :, ::EVERY],
            "predicted_half": solution.flow_half[index, :, ::EVERY],
            **{f"predicted_{name}": solution.flow_wrong[name][index, :, ::EVERY] for name in FAR_RATES},
        }
        for probe, accuracies in labelled.accuracies(models, penalty).items():
            of_probe = accuracies | constrained[probe]
            tables.append(tidy_rows(of_probe, times, strength=float(strength)).assign(probe=probe))
    return pd.concat(tables)


def extrapolated_weights(trained: Sequence[Array]) -> Array:
    """F (..., d, z), FFᵀ the part of the extrapolated WWᵀ of its z largest eigenvalues: W up to a rotation of outputs.

    [W_1 … W_k] = QR, then the eigenvectors of R D Rᵀ, D the weights of the extrapolation. Weights (..., d, z), finest
    step size first.
    """
    z = trained[0].shape[-1]
    Q, R = np.linalg.qr(np.concatenate(trained[: len(TWICE)][::-1], axis=-1))
    values, vectors = np.linalg.eigh((R * np.repeat(TWICE, z)) @ R.mT)
    factor: Array = Q @ (vectors[..., -z:] * np.sqrt(np.maximum(values[..., None, -z:], 0)))
    return factor
