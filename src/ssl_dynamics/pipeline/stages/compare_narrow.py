"""Stage `compare_narrow`: where narrow nets of every width and the single-layer closed form meet for the first time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import combined_projector_norm, projector_distance
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import combinations, tidy_rows, write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]

METRICS = ("grassmann", "stiefel", "canonical")  # in the order of the speeds that `solve_narrow` names


def compute(job: Job[CompareSettings]) -> None:
    trajectories = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    plan = read_arrays(job.input("layers"))
    tables = {
        "narrow_errors": error_table(trajectories, solution, plan),
        "narrow_speeds": speed_table(trajectories, solution, plan),
        "narrow_integration": integration_table(solution, plan),
    }
    write_tables(job, "narrow", tables)


def nets(plan: Arrays, trajectories: Arrays) -> list[tuple[str, int]]:
    """(metric, width) of the nets that were trained."""
    coarsest = len(plan["learning_rates"]) - 1
    return [
        (metric, width)
        for metric in METRICS
        for width in map(int, plan["widths"])
        if f"weights_{metric}_{width}_{coarsest}" in trajectories
    ]


def predicted_basis(metric: str, width: int, plan: Arrays) -> str | None:
    """Name of the closed form that a net follows: on the Grassmannian at any width, on Stiefel at h = z and h = d."""
    d, z = plan["start"].shape[1:]
    if metric == "grassmann" or width == z:
        return "basis"
    return f"basis_{metric}" if width == d else None


def error_table(trajectories: Arrays, solution: Arrays, plan: Arrays) -> pd.DataFrame:
    """‖P − P'‖_F/√(2z) between trained (or extrapolated) spans and the closed form.

    At speed 1 (`error`), and at the speed that theory gives for the net (`error_predicted`, nan where it gives none).
    """
    rates, times = plan["learning_rates"], solution["times"]
    tables = []
    for metric, width in nets(plan, trajectories):
        predicted = predicted_basis(metric, width, plan)
        for level, weights in combinations(len(rates)):
            names = [f"weights_{metric}_{width}_{i}" for i in range(level, level + len(weights))][::-1]
            if not set(names) <= set(trajectories):
                continue
            bases = [trajectories[name] for name in names]
            errors = {
                column: combined_projector_norm([*bases, solution[name]], [*weights, -1.0])
                if name
                else np.full((len(plan["start"]), len(times)), np.nan)
                for column, name in (("error", "basis"), ("error_predicted", predicted))
            }
            table = tidy_rows(errors, times, width=width, learning_rate=rates[level], extrapolations=len(weights) - 1)
            tables.append(table.assign(metric=metric))
    return pd.concat(tables)


def speed_table(trajectories: Arrays, solution: Arrays, plan: Arrays) -> pd.DataFrame:
    """Speed c at which grassmann_flow(ct) is closest to nets trained at the coarsest step size, and that predicted."""
    d, z = plan["start"].shape[1:]
    coarsest = len(plan["learning_rates"]) - 1
    rows = []
    for metric, width in nets(plan, trajectories):
        weights = trajectories[f"weights_{metric}_{width}_{coarsest}"]
        distances = projector_distance(solution["at_speeds"], weights[:, None])  # (S, K, T)
        speeds = vertex(solution["speeds"], (distances**2).mean(-1))
        exact = float(solution["named_speeds"][METRICS.index(metric)])
        predicted = 1.0 if metric == "grassmann" or width == z else exact if width == d else np.nan
        # Of a random span W_1 around span W the share (h − z)/(d − z) of the velocity goes faster, at the start.
        guide = 1 + (exact - 1) * (width - z) / (d - z)
        rows.append(
            pd.DataFrame(
                {
                    "metric": metric,
                    "width": width,
                    "seed": np.arange(len(speeds)),
                    "speed": speeds,
                    "predicted": predicted,
                }
            ).assign(guide=guide)
        )
    return pd.concat(rows)


def vertex(x: Array, y: Array) -> Array:
    """Abscissa of the minimum of y (S, K) on an even grid x (K,), by the parabola through the three lowest points."""
    lowest = np.clip(y.argmin(-1), 1, len(x) - 2)[:, None]
    left, middle, right = (np.take_along_axis(y, lowest + shift, -1)[:, 0] for shift in (-1, 0, 1))
    offset = np.clip((left - right) / (2 * (left - 2 * middle + right)), -1, 1)
    minimum: Array = x[lowest[:, 0]] + offset * (x[1] - x[0])
    return minimum


def integration_table(solution: Arrays, plan: Arrays) -> pd.DataFrame:
    """Distance between the integrated equations of the layers and the closed form, and the closed form at speed 1/2."""
    tables = []
    for width in plan["widths"]:
        integrated = solution.get(f"integrated_{width}")
        if integrated is not None:
            values = {
                column: projector_distance(integrated, solution[name])
                for column, name in (("distance", "basis"), ("distance_control", "basis_control"))
            }
            tables.append(tidy_rows(values, solution["times"], width=int(width)))
    return pd.concat(tables)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_narrow", CompareSettings, compute)
