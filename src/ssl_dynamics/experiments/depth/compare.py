"""Trained three-layer nets against what their start predicts."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import gram_distance, log_growth
from ssl_dynamics.cells import write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.depth.config import (
    DOT_PRODUCT,
    OBJECTIVES,
    REGRESSION,
    WITHIN,
    CompareDepthSettings,
    Depth,
)
from ssl_dynamics.experiments.depth.design import Array, Solution, Trajectories
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[CompareDepthSettings]) -> None:
    """Stage `compare_depth`."""
    trajectories = Trajectories.joined([Trajectories.load(path) for path in job.inputs["trajectories"]])
    solution = Solution.load(job.input("solution"))
    depth = job.settings.depth
    drift = drift_table(trajectories, depth.widths)
    tables = {
        "depth_drift": drift,
        "depth_widths": widths_table(drift, solution),
        "depth_constrained": constrained_table(trajectories, solution, depth),
    }
    write_tables(job, "depth", tables)


def drift_table(trajectories: Trajectories, widths: list[int]) -> pd.DataFrame:
    """Drift of the tangent kernel on the anchors along training."""
    columns = ("seed", "time", "value", "drift")
    return pd.concat(
        pd.DataFrame({name: getattr(trajectories, name)[objective, width] for name in columns}).assign(
            objective=objective, width=width
        )
        for objective in OBJECTIVES
        for width in widths
    )


def widths_table(drift: pd.DataFrame, solution: Solution) -> pd.DataFrame:
    """A row for each net: its drift at the end of either training, and when it departed.

    `departure` is the time of drift 0.5; `drift_early` the drift of self-supervised training at one time for all, the
    earliest departure of any net; `in_time` 3 ln h/(2μ) over the time of departure, 0 without one; `frozen_square`
    is ‖U − U(0)‖_F² as the kernel of the start predicts it for the departure, `drift_predicted` what it predicts for
    `drift_supervised`.
    """
    nets = drift.sort_values("time", kind="stable").groupby(["objective", "width", "seed"])
    curves: dict[tuple[str, int, int], tuple[Array, Array]] = {
        (str(objective), int(str(width)), int(str(seed))): (net["time"].to_numpy(), net["drift"].to_numpy())
        for (objective, width, seed), net in nets
    }
    growing = {(width, seed): curve for (name, width, seed), curve in curves.items() if name == DOT_PRODUCT}
    departures = {key: departure(*curve) for key, curve in growing.items()}
    early = min(departures.values())
    rows = []
    for (width, seed), (times, drifts) in growing.items():
        at = departures[width, seed]
        rate, moments, change = (of[width][seed] for of in (solution.rates, solution.moments, solution.change))
        horizon = WITHIN * np.log(width) / (2 * rate)
        rows.append(
            {
                "width": width,
                "seed": seed,
                "departure": at,
                "rate": rate,
                "frozen_square": np.exp(2 * log_growth(moments, change, rate, at)) if np.isfinite(at) else np.nan,
                "drift": drifts.max(),
                "in_time": horizon / at,
                "in_time_supervised": horizon / departure(*curves[REGRESSION, width, seed]),
                "drift_early": np.interp(early, times, drifts),
                "drift_supervised": curves[REGRESSION, width, seed][1][-1],
                "drift_predicted": solution.supervised[width][seed],
            }
        )
    return pd.DataFrame(rows)


def departure(times: Array, drifts: Array) -> float:
    """First time of drift 0.5, between the steps by a straight line; inf where it never is."""
    if drifts.max() < DEPARTURE:
        return np.inf
    after = int(np.argmax(drifts >= DEPARTURE))
    around = slice(after - 1, after + 1)
    return float(np.interp(DEPARTURE, drifts[around], times[around]))


def constrained_table(trajectories: Trajectories, solution: Solution, depth: Depth) -> pd.DataFrame:
    """Feature drift, and Gram error of the flow on the features of the start, at every time τ and rate κ."""
    tables = []
    for rate, width in depth.constrained_runs():
        trained = {name: getattr(trajectories, name)[rate, width] for name in ("outputs", "feature_drift", "departed")}
        values = {
            "feature_drift": trained["feature_drift"],
            "gram_error": gram_distance(trained["outputs"], solution.outputs[width]),
            "departed": trained["departed"],
        }
        tables.append(tidy_rows(values, solution.tau).assign(width=width, rate=rate))
    return pd.concat(tables)
