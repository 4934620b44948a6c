"""Where narrow nets of every width and the single-layer closed form meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import combined_projector_norm, projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.widths.config import METRICS
from ssl_dynamics.experiments.widths.design import Array, NarrowDesign, NarrowSolution, Trajectories
from ssl_dynamics.problem.levels import FAR_RATES
from ssl_dynamics.tables import combinations, tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_narrow`."""
    design = NarrowDesign.load(job.input("layers"))
    trajectories = Trajectories.load(job.input("trajectories"))
    solution = NarrowSolution.load(job.input("solution"))
    tables = {
        "narrow_errors": error_table(design, trajectories, solution),
        "narrow_speeds": speed_table(design, trajectories, solution),
        "narrow_integration": integration_table(solution),
    }
    write_tables(job, "narrow", tables)


def equations(job: Job[CompareSettings]) -> None:
    """Stage `equations_narrow`."""
    solution = NarrowSolution.load(job.input("solution"))
    write_tables(job, "narrow", {"narrow_integration": integration_table(solution)})


def nets(design: NarrowDesign, trajectories: Trajectories) -> list[tuple[str, int]]:
    """(metric, width) of the nets that were trained."""
    coarsest = len(design.learning_rates) - 1
    return [
        (metric, width)
        for metric in METRICS
        for width in map(int, design.widths)
        if (metric, width, coarsest) in trajectories.weights
    ]


def metric_of_speed(metric: str, width: int, design: NarrowDesign) -> str | None:
    """The metric whose speed at h = d a net has: on the Grassmannian at any width; on Stiefel known at h = z and d."""
    d, z = design.start.shape[1:]
    if metric == "grassmann" or width == z:
        return "grassmann"
    return metric if width == d else None


def error_table(design: NarrowDesign, trajectories: Trajectories, solution: NarrowSolution) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between trained (or extrapolated) spans and the closed form.

    At speed 1 (`error`), at speeds near it (`error_slow`, `error_fast`), at the speed that theory gives for the net
    (`error_predicted`, nan where it gives none), and 10 % off that (`…_slower`, `…_faster`).
    """
    rates, times = design.learning_rates, solution.times
    tables = []
    for metric, width in nets(design, trajectories):
        known = metric_of_speed(metric, width, design)
        predicted = solution.full_width_basis(known) if known else None
        off = {
            f"error_predicted_{name}": solution.basis_at(rate * solution.full_width_speed(known)) if known else None
            for name, rate in FAR_RATES.items()
        }
        for level, weights in combinations(len(rates)):
            runs = [(metric, width, i) for i in range(level, level + len(weights))][::-1]
            if not set(runs) <= set(trajectories.weights):
                continue
            bases = [trajectories.weights[run] for run in runs]
            errors = {
                column: np.full((len(design.start), len(times)), np.nan)
                if basis is None
                else combined_projector_norm([*bases, basis], [*weights, -1.0])
                for column, basis in (
                    ("error", solution.basis),
                    ("error_predicted", predicted),
                    *off.items(),
                    *((f"error_{name}", wrong) for name, wrong in solution.basis_control.items()),
                )
            }
            table = tidy_rows(errors, times, width=width, learning_rate=rates[level], extrapolations=len(weights) - 1)
            tables.append(table.assign(metric=metric))
    return pd.concat(tables)


def speed_table(design: NarrowDesign, trajectories: Trajectories, solution: NarrowSolution) -> pd.DataFrame:
    """Speed c at which grassmann_flow(ct) is closest to nets trained at the coarsest step size, and that predicted."""
    d, z = design.start.shape[1:]
    coarsest = len(design.learning_rates) - 1
    rows = []
    for metric, width in nets(design, trajectories):
        weights = trajectories.weights[metric, width, coarsest]
        distances = projector_distance(solution.at_speeds, weights[:, None])  # (S, K, T)
        speeds = vertex(solution.speeds, (distances**2).mean(-1))
        known = metric_of_speed(metric, width, design)
        # Of a random span W_1 around span W the share (h − z)/(d − z) of the velocity goes faster, at the start.
        guide = 1 + (solution.full_width_speed(metric) - 1) * (width - z) / (d - z)
        rows.append(
            pd.DataFrame(
                {
                    "metric": metric,
                    "width": width,
                    "seed": np.arange(len(speeds)),
                    "speed": speeds,
                    "predicted": solution.full_width_speed(known) if known else np.nan,
                    "guide": guide,
                }
            )
        )
    return pd.concat(rows)


def vertex(x: Array, y: Array) -> Array:
    """Abscissa of the minimum of y (S, K) on an even grid x (K,), by the parabola through the three lowest points."""
    lowest = np.clip(y.argmin(-1), 1, len(x) - 2)[:, None]
    left, middle, right = (np.take_along_axis(y, lowest + shift, -1)[:, 0] for shift in (-1, 0, 1))
    offset = np.clip((left - right) / (2 * (left - 2 * middle + right)), -1, 1)
    minimum: Array = x[lowest[:, 0]] + offset * (x[1] - x[0])
    return minimum


def integration_table(solution: NarrowSolution) -> pd.DataFrame:
    """Distance between the integrated equations of the layers and the closed form, also at wrong speeds."""
    tables = []
    for width, integrated in solution.integrated.items():
        values = {
            "distance": projector_distance(integrated, solution.basis),
            **{
                f"distance_{name}": projector_distance(integrated, wrong)
                for name, wrong in solution.basis_control.items()
            },
        }
        tables.append(tidy_rows(values, solution.times, width=width))
    return pd.concat(tables)
