"""Where wide nets and the d × z equation meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.widths.design import Array, Trajectories, WideDesign, WideSolution
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.tables import combinations, extrapolated, tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_wide`."""
    design = WideDesign.load(job.input("layers"))
    trajectories = Trajectories.load(job.input("trajectories"))
    solution = WideSolution.load(job.input("solution"))
    tables = {"wide_errors": error_table(design, trajectories, solution), **equation_tables(design, solution)}
    write_tables(job, "wide", tables)


def equations(job: Job[CompareSettings]) -> None:
    """Stage `equations_wide`."""
    design, solution = WideDesign.load(job.input("layers")), WideSolution.load(job.input("solution"))
    write_tables(job, "wide", equation_tables(design, solution))


def equation_tables(design: WideDesign, solution: WideSolution) -> dict[str, pd.DataFrame]:
    """The tables of random starts and of the integrated equations."""
    return {"wide_starts": start_table(design, solution), "wide_integration": integration_table(design, solution)}


def distance(A: Array, B: Array) -> Array:
    """‖A − B‖_F/√z: wide nets are compared as matrices, for their singular values move too."""
    norm: Array = np.linalg.norm(A - B, axis=(-2, -1)) / np.sqrt(A.shape[-1])
    return norm


def error_table(design: WideDesign, trajectories: Trajectories, solution: WideSolution) -> pd.DataFrame:
    """Distance of trained (or extrapolated) end-to-end weights from the equation, and from it at wrong rates."""
    rates = design.learning_rates
    tables = []
    for width in map(int, design.widths):
        trained = [trajectories.weights["grassmann", width, level] for level in range(len(rates))]
        for level, weights in combinations(len(rates)):
            W = extrapolated(trained, level, weights)
            errors = {
                "error": distance(W, solution.flow[width]),
                **{f"error_{name}": distance(W, solution.flow_wrong[name, width]) for name in NEAR_RATES | FAR_RATES},
            }
            columns = {"learning_rate": rates[level], "extrapolations": len(weights) - 1}
            tables.append(tidy_rows(errors, solution.times, width=width, ratio=ratio(width, design), **columns))
    return pd.concat(tables)


def start_table(design: WideDesign, solution: WideSolution) -> pd.DataFrame:
    """Root mean square of the singular values of W(0), and of what the equation makes of it (the control)."""
    tables = []
    for width, late in zip(map(int, design.widths), solution.late, strict=True):
        starts = design.starts[width]  # (S, draws, d, z): the mean square is over the draws too
        mean = np.sqrt((root_mean_square(starts) ** 2).mean(-1))
        values = {"singular_value": mean, "singular_value_late": root_mean_square(late)}
        frame = pd.DataFrame({"width": width, "ratio": ratio(width, design), "seed": np.arange(len(starts)), **values})
        tables.append(frame)
    return pd.concat(tables)


def integration_table(design: WideDesign, solution: WideSolution) -> pd.DataFrame:
    """Distance of the equation (closed form where z = 1) from its integration, and from that of the layers.

    The controls are the equation at wrong rates.
    """
    tables = []
    for width in map(int, design.widths):
        for oracle in ("equation", "layers"):
            integrated = solution.integrated.get((oracle, width))
            if integrated is not None:
                values = {
                    "distance": distance(integrated, solution.flow[width]),
                    **{
                        f"distance_{name}": distance(integrated, solution.flow_wrong[name, width])
                        for name in NEAR_RATES
                    },
                }
                tables.append(tidy_rows(values, solution.times, width=width).assign(oracle=oracle))
    return pd.concat(tables)


def ratio(width: int, design: WideDesign) -> float:
    """h/d."""
    return width / float(design.starts[width].shape[-2])


def root_mean_square(W: Array) -> Array:
    """Of the singular values of W (..., d, z)."""
    return distance(W, np.zeros_like(W))
