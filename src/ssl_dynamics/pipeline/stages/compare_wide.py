"""Stage `compare_wide`: where wide nets and the d × z equation meet for the first time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import combinations, tidy_rows, write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]


def compute(job: Job[CompareSettings]) -> None:
    trajectories = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    plan = read_arrays(job.input("layers"))
    tables = {
        "wide_errors": error_table(trajectories, solution, plan),
        "wide_starts": start_table(solution, plan),
        "wide_integration": integration_table(solution, plan),
    }
    write_tables(job, "wide", tables)


def distance(A: Array, B: Array) -> Array:
    """‖A − B‖_F/√z: wide nets are compared as matrices, for their singular values move too."""
    norm: Array = np.linalg.norm(A - B, axis=(-2, -1)) / np.sqrt(A.shape[-1])
    return norm


def error_table(trajectories: Arrays, solution: Arrays, plan: Arrays) -> pd.DataFrame:
    """Distance of trained (or extrapolated) end-to-end weights from the equation, and from it at the rate d/h."""
    rates = plan["learning_rates"]
    tables = []
    for width in map(int, plan["widths"]):
        trained = [trajectories[f"weights_grassmann_{width}_{level}"] for level in range(len(rates))]
        for level, weights in combinations(len(rates)):
            W = np.tensordot(weights, np.stack(trained[level : level + len(weights)][::-1]), 1)
            errors = {
                column: distance(W, solution[f"{name}_{width}"])
                for column, name in (("error", "flow"), ("error_control", "flow_control"))
            }
            columns = {"learning_rate": rates[level], "extrapolations": len(weights) - 1}
            tables.append(tidy_rows(errors, solution["times"], width=width, ratio=ratio(width, plan), **columns))
    return pd.concat(tables)


def start_table(solution: Arrays, plan: Arrays) -> pd.DataFrame:
    """Root mean square of the singular values of W(0), and of what the equation makes of it (the control)."""
    tables = []
    for width, late in zip(map(int, plan["widths"]), solution["late"], strict=True):
        starts = plan[f"starts_{width}"]  # (S, draws, d, z): the mean square is over the draws too
        mean = np.sqrt((root_mean_square(starts) ** 2).mean(-1))
        values = {"singular_value": mean, "singular_value_late": root_mean_square(late)}
        frame = pd.DataFrame({"width": width, "ratio": ratio(width, plan), "seed": np.arange(len(starts)), **values})
        tables.append(frame)
    return pd.concat(tables)


def integration_table(solution: Arrays, plan: Arrays) -> pd.DataFrame:
    """Distance of the equation (closed form where z = 1) from its integration, and from that of the layers.

    The control is the equation at half the rate.
    """
    tables = []
    for width in map(int, plan["widths"]):
        for oracle in ("equation", "layers"):
            integrated = solution.get(f"integrated_{oracle}_{width}")
            if integrated is not None:
                values = {
                    "distance": distance(integrated, solution[f"flow_{width}"]),
                    "distance_control": distance(integrated, solution[f"flow_half_{width}"]),
                }
                tables.append(tidy_rows(values, solution["times"], width=width).assign(oracle=oracle))
    return pd.concat(tables)


def ratio(width: int, plan: Arrays) -> float:
    """h/d."""
    return width / float(plan[f"starts_{width}"].shape[-2])


def root_mean_square(W: Array) -> Array:
    """Of the singular values of W (..., d, z)."""
    return distance(W, np.zeros_like(W))


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_wide", CompareSettings, compute)
