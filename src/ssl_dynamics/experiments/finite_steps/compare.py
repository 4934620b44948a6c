"""Retractions, orthogonal iteration and limits in η against their predictions."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.finite_steps.design import Array, Design, Solution, Trajectories
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_finite_steps`."""
    runs = Trajectories.load(job.input("trajectories"))
    solution = Solution.load(job.input("solution"))
    plan = Design.load(job.input("schedule"))
    tables = {
        "retractions": retraction_table(runs, solution, plan.learning_rates),
        "iteration": iteration_table(runs, solution, plan.iteration_steps),
        "drift": drift_table(runs, plan.iteration_steps),
        "limits": limit_table(runs, solution, plan),
    }
    write_tables(job, "finite_steps", tables)


def retraction_table(runs: Trajectories, solution: Solution, learning_rates: Array) -> pd.DataFrame:
    """Projector error of each retraction against the flow, at every step size."""
    return pd.concat(
        tidy_rows(
            {
                "error": projector_distance(by_step_size[level], solution.flow),
                **{
                    f"error_{name}": projector_distance(by_step_size[level], flow)
                    for name, flow in solution.flow_control.items()
                },
            },
            solution.times,
            learning_rate=learning_rate,
            retraction=retraction,
        )
        for retraction, by_step_size in (("polar", runs.polar), ("geodesic", runs.geodesic))
        for level, learning_rate in enumerate(learning_rates)
    )


def iteration_table(runs: Trajectories, solution: Solution, steps: NDArray[Any]) -> pd.DataFrame:
    """Projector distance of Euclidean gradient plus QR from the closed form in discrete time; control: the flow.

    Beside them the distance from the same iteration at wrong rates.
    """
    values = {
        "distance": projector_distance(runs.iteration, solution.iteration),
        "distance_control": projector_distance(runs.iteration, solution.iteration_control),
        **{
            f"distance_{name}": projector_distance(runs.iteration, wrong)
            for name, wrong in solution.iteration_wrong.items()
        },
    }
    return tidy_rows(values, steps)


def drift_table(runs: Trajectories, steps: NDArray[Any]) -> pd.DataFrame:
    """‖WᵀW − I‖_F along training with each retraction, over the steps; control: horizontal steps never pulled back."""
    return pd.concat(
        tidy_rows({"drift": _drift(runs.drift[retraction])}, steps, retraction=retraction)
        for retraction in ("polar", "geodesic", "qr", "none")
    )


def limit_table(runs: Trajectories, solution: Solution, plan: Design) -> pd.DataFrame:
    """What training ends in, on the right (side 0) and the wrong side (side 1) of each limit in η.

    `part`: ‖Wᵀv‖ of the direction v that takes over beyond the limit; `steps` were taken, `needed` are on the right
    side. `from_prediction`: distance of orthogonal iteration from its closed form.
    """
    tables = []
    for side in (0, 1):
        exact = projector_distance(runs.iteration_limit[side], solution.iteration_limit[side])
        for method, ends, values in (
            ("riemannian", runs.riemannian_limit, {}),
            ("iteration", runs.iteration_limit, {"from_prediction": exact}),
        ):
            part = np.linalg.norm(ends[side].mT @ solution.last[method], axis=(-2, -1))
            steps, needed = plan.limit_steps[method], plan.needed_steps[method]
            table = tidy_rows({"part": part, **values}, np.zeros(1), side=side, steps=steps, needed=needed)
            tables.append(table.assign(method=method))
    return pd.concat(tables)


def _drift(W: Array) -> Array:
    drift: Array = np.linalg.norm(W.mT @ W - np.eye(W.shape[-1]), axis=(-2, -1))
    return drift
