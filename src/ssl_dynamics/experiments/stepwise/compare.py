"""Trained modes against what theory predicts: curves, times of the steps, and what each step has learned."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import last_rise
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.stepwise.design import Array, Design, Solution, Trajectories
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_stepwise`."""
    trained = Trajectories.load(job.input("trajectories"))
    plan, solution = Design.load(job.input("plan")), Solution.load(job.input("solution"))
    tables = {
        "stepwise_aligned": aligned_table(trained, plan, solution),
        "stepwise_modes": mode_table(trained, plan, solution),
        "stepwise_curves": curve_table(trained, plan, solution),
    }
    write_tables(job, "stepwise", tables)


def aligned_table(trained: Trajectories, plan: Design, solution: Solution) -> pd.DataFrame:
    """Largest difference of the eigenvalues of M from the closed form, of aligned starts; and at wrong rates."""
    found = _descending(trained.aligned_moments)
    predictions = {"error": solution.aligned} | {f"error_{name}": m for name, m in solution.aligned_wrong.items()}
    errors = {name: np.abs(found - np.sort(m)[..., ::-1]).max(-1) for name, m in predictions.items()}
    return tidy_rows(errors, plan.short_times)


def mode_table(trained: Trajectories, plan: Design, solution: Solution) -> pd.DataFrame:
    """The steps k = 1 … z of each small start.

    When the k-th largest eigenvalue of M rises through 1/2, by training (`measured`) and by theory, with the relative
    error that it allows for other modes (`interplay`); `missed`: the share that is not of v_1 … v_k once k − 1/2 modes
    have been learned, from small and from large starts, and as predicted. `end` is that of the training.
    """
    small, large = turns(trained.small_moments), turns(trained.large_moments)
    curves = np.maximum(np.moveaxis(_descending(trained.small_moments), 1, -1), 0)
    order = np.argsort(solution.times, axis=-1)
    values = {
        "measured": last_rise(plan.times, curves),
        "predicted": np.take_along_axis(solution.times, order, -1),
        "naive": np.sort(solution.naive_times, axis=-1),
        "interplay": np.take_along_axis(solution.interplay, order, -1),
        "missed": missed(trained.small, trained.small_moments, small, solution),
        "missed_large": missed(trained.large, trained.large_moments, large, solution),
        "missed_predicted": predicted_missed(small, solution),
    }
    steps = np.arange(1, len(solution.gamma) + 1)
    rows = tidy_rows(values, steps.astype(np.float64), end=float(plan.times[-1]))
    return rows.rename(columns={"time": "step"})


def curve_table(trained: Trajectories, plan: Design, solution: Solution) -> pd.DataFrame:
    """Eigenvalues of M of small starts over time, largest first, and the curves of the modes that theory predicts."""
    found = _descending(trained.small_moments)
    order = np.argsort(solution.times, axis=-1)
    predicted = np.take_along_axis(solution.curves, order[:, None], -1)
    due = np.take_along_axis(solution.times, order, -1)
    return pd.concat(
        tidy_rows(
            {
                "eigenvalue": found[..., k],
                "predicted": predicted[..., k],
                "due": np.repeat(due[:, k, None], len(plan.times), axis=1),
            },
            plan.times,
            step=float(k + 1),
        )
        for k in range(found.shape[-1])
    )


def turns(moments: Array) -> NDArray[np.intp]:
    """The first checkpoints (S, z) at which Tr M ≥ k − 1/2, k = 1 … z, or the last one; moments M (S, T, z, z)."""
    total = np.trace(moments, axis1=-2, axis2=-1)
    reached = total[..., None] >= np.arange(moments.shape[-1]) + 0.5
    first: NDArray[np.intp] = np.where(reached.any(1), reached.argmax(1), total.shape[1] - 1)
    return first


def missed(weights: Array, moments: Array, turn: NDArray[np.intp], solution: Solution) -> Array:
    """1 − Σ_{i≤k} γ_i |Wᵀv_i|²/Tr M (S, z), at the checkpoints `turn`; weights (S, T, d, z), moments M (S, T, z, z)."""
    parts = solution.gamma * ((solution.leading.T @ weights) ** 2).sum(-1)  # (S, T, z)
    share: Array = _of_turns(np.cumsum(parts, axis=-1), turn) / np.take_along_axis(
        np.trace(moments, axis1=-2, axis2=-1), turn, 1
    )
    return 1 - share


def predicted_missed(turn: NDArray[np.intp], solution: Solution) -> Array:
    """The same by theory, to leading order: what steps carry along, and the beginning of later ones."""
    learned = np.cumsum(solution.curves, axis=-1)
    later = _of_turns(learned[..., -1:] - learned, turn)
    share: Array = (solution.carried + later) / _of_turns(np.broadcast_to(learned[..., -1:], learned.shape), turn)
    return share


def _of_turns(values: Array, turn: NDArray[np.intp]) -> Array:
    """Of values (S, T, z) the k-th at the k-th checkpoint of `turn`, (S, z)."""
    found: Array = np.take_along_axis(values, turn[:, None], 1)[:, 0]
    return found


def _descending(moments: Array) -> Array:
    eigenvalues: Array = np.asarray(np.linalg.eigvalsh(moments), np.float64)[..., ::-1]
    return eigenvalues
