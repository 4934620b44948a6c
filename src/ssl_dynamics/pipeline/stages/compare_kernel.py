"""Stage `compare_kernel`: where training in function space and its closed forms meet for the first time."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import effective_rank, sines_to
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import (
    combinations,
    extrapolated,
    first_gap,
    log_ratio,
    slope_table,
    tidy_rows,
    write_tables,
)
from ssl_dynamics.pipeline.kernel_plan import KernelPlan, read_plans
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]
Table = Callable[[KernelPlan, Arrays, Arrays], pd.DataFrame]

DECAYS = ("", "_decay")


def compute(job: Job[CompareSettings]) -> None:
    trajectories, solution = (read_arrays(job.input(name)) for name in ("trajectories", "solution"))
    plans = dict(read_plans(read_arrays(job.input("schedule"))))

    def over_kernels(table: Table) -> pd.DataFrame:
        return pd.concat(
            table(plan, _of(trajectories, name), _of(solution, name)).assign(kernel=name)
            for name, plan in plans.items()
        )

    tables = {
        "kernel_collapse": over_kernels(collapse_table),
        "kernel_slopes": over_kernels(late_slopes),
        "kernel_rank": over_kernels(rank_table),
        "regression": over_kernels(regression_table),
    }
    write_tables(job, "kernel", tables)


def log_values(plan: KernelPlan, trajectories: Arrays, suffix: str) -> list[Array]:
    """Logarithms of the singular values of trained representations, (S, T, z) for each step size, finest first."""
    levels = range(len(plan.schedule.learning_rates))
    return [
        np.log(np.linalg.svd(trajectories[f"functions{suffix}_{level}"], compute_uv=False))
        + trajectories[f"log_scale{suffix}_{level}"][..., None]
        for level in levels
    ]


def collapse_table(plan: KernelPlan, trajectories: Arrays, solution: Arrays) -> pd.DataFrame:
    """ln(σ_2/σ_1)(t) and ln σ_1 as trained without and with weight decay, and as extrapolated to η → 0.

    Beside them ln(σ_2/σ_1) as predicted, without weight decay, and as a rate of 1 would have it.
    """
    measured = {}
    for suffix in DECAYS:
        values = log_values(plan, trajectories, suffix)
        measured[f"log_ratio{suffix}"] = [log_ratio(level) for level in values]
        measured[f"log_largest{suffix}"] = [level[..., 0] for level in values]
    predicted, control = (log_ratio(solution[f"log_singular_values{name}"]) for name in ("", "_control"))
    times = solution["times"]
    rates = plan.schedule.learning_rates
    return pd.concat(
        tidy_rows(
            {name: extrapolated(values, level, weights) for name, values in measured.items()},
            times,
            learning_rate=rates[level],
            extrapolations=len(weights) - 1,
            gap_time=times * first_gap(solution),
            predicted=predicted,
            control=control,
        )
        for level, weights in combinations(len(rates))
    )


def late_slopes(plan: KernelPlan, trajectories: Arrays, solution: Arrays) -> pd.DataFrame:
    """Late slope of ln(σ_2/σ_1) at each step size, with and without weight decay, which leaves that of the flow."""
    rates = plan.schedule.learning_rates
    return pd.concat(
        slope_table(
            [log_ratio(values) for values in log_values(plan, trajectories, suffix)],
            [solution[f"descent{suffix}_{level}"] for level in range(len(rates))],
            solution["log_singular_values"],
            solution,
            rates,
        ).assign(decay=decay)
        for suffix, decay in zip(DECAYS, (0.0, plan.decay), strict=True)
    )


def rank_table(plan: KernelPlan, trajectories: Arrays, solution: Arrays) -> pd.DataFrame:
    """Effective rank and largest sine of a column to the top eigenfunction, self-supervised and in regression.

    `rank_error`: |effective rank/that of the regression target − 1|; `progress`: time over the end of the training.
    """
    times, regression = solution["times"], plan.regression
    runs = {
        "self-supervised": (trajectories["functions_0"], times),
        "with weight decay": (trajectories["functions_decay_0"], times),
        "regression": (
            np.concatenate([trajectories["regression_0"], trajectories["regression_late"]], axis=1),
            np.concatenate([regression.times, plan.late_times]),
        ),
    }
    target = effective_rank(plan.target)[:, None]
    tables = []
    for objective, (U, moments) in runs.items():
        rank = effective_rank(U)
        values = {
            "effective_rank": rank,
            "rank_error": np.abs(rank / target - 1),
            "misalignment": sines_to(U, solution["eigenfunction"]).max(-1),
        }
        supervised = objective == "regression"
        table = tidy_rows(values, moments, progress=moments / moments[-1], gap_time=moments * first_gap(solution))
        tables.append(table.assign(objective=objective, supervised=supervised))
    return pd.concat(tables)


def regression_table(plan: KernelPlan, trajectories: Arrays, solution: Arrays) -> pd.DataFrame:
    """‖U − U'‖_F/‖Y‖_F between trained (or extrapolated) and predicted regression, while step sizes are compared."""
    rates = plan.regression.learning_rates
    trained = [trajectories[f"regression_{level}"] for level in range(len(rates))]
    size = np.linalg.norm(plan.target, axis=(-2, -1))[:, None]
    return pd.concat(
        tidy_rows(
            {
                name: np.linalg.norm(extrapolated(trained, level, weights) - solution[target], axis=(-2, -1)) / size
                for name, target in (("error", "regression"), ("error_control", "regression_control"))
            },
            plan.regression.times,
            learning_rate=rates[level],
            extrapolations=len(weights) - 1,
        )
        for level, weights in combinations(len(rates))
    )


def _of(arrays: Arrays, kernel: str) -> Arrays:
    """The arrays of one kernel, by their names without it."""
    return {name.removesuffix(f"_{kernel}"): values for name, values in arrays.items() if name.endswith(f"_{kernel}")}


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_kernel", CompareSettings, compute)
