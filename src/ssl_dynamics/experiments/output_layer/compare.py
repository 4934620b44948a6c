"""Where trained nets and what is predicted of each meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.output_layer.config import RANDOM
from ssl_dynamics.experiments.output_layer.design import Array, Design, Solution, Trajectories
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.tables import tidy_rows


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_output_layer`."""
    plan, solution = Design.load(job.input("plan")), Solution.load(job.input("solution"))
    trained = Trajectories.load(job.input("trajectories"))
    nets = pd.concat([net_table(*key, plan, trained, solution) for key in plan.first])
    write_tables(job, "output_layer", {"output_layer": nets, "output_layer_curve": curve_table(plan, solution)})


def net_table(nets: str, width: int, plan: Design, trained: Trajectories, solution: Solution) -> pd.DataFrame:
    """ln(σ_2/σ_1) of representations as trained, as predicted, at wrong rates, and at the start; over 2|λ_1|κt/h."""
    predicted = solution.predicted[nets, width]
    values = {
        "log_ratio": trained.log_ratio[nets, width],
        "predicted": predicted,
        "frozen": np.broadcast_to(predicted[:, :1], predicted.shape),
    }
    for name in (*NEAR_RATES, *FAR_RATES):
        wrong = solution.predicted_wrong.get((nets, width, name))
        values[f"predicted_{name}"] = np.full(predicted.shape, np.nan) if wrong is None else wrong
    return tidy_rows(values, slow_times(nets, plan, plan.times[nets]), nets=nets, width=width, gap=solution.gap)


def curve_table(plan: Design, solution: Solution) -> pd.DataFrame:
    """What is predicted of linear nets from random starts, at the times of the figure."""
    times = slow_times(RANDOM, plan, solution.curve_times)
    return pd.concat(
        tidy_rows(
            {"predicted": curve, "frozen": np.broadcast_to(curve[:, :1], curve.shape)}, times, nets=RANDOM, width=width
        )
        for width, curve in solution.curve.items()
    )


def slow_times(nets: str, plan: Design, times: Array) -> Array:
    """2|λ_1|κt/h."""
    slow: Array = plan.growth[nets] * plan.ratio * times
    return slow
