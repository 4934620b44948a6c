"""Where training in function space and its closed forms meet for the first time."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import effective_rank, log_excess_rank, sines_to
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.kernel.design import Array, Design, Solution, Trajectories, load_by_kernel
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.tables import combinations, extrapolated, first_gap, log_ratio, slope_table, tidy_rows

Table = Callable[[Design, Trajectories, Solution], pd.DataFrame]


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_kernel`."""
    plans = load_by_kernel(job.input("schedule"), Design)
    trajectories = load_by_kernel(job.input("trajectories"), Trajectories)
    solutions = load_by_kernel(job.input("solution"), Solution)

    def over_kernels(table: Table) -> pd.DataFrame:
        return pd.concat(
            table(plan, trajectories[kernel], solutions[kernel]).assign(kernel=kernel) for kernel, plan in plans.items()
        )

    tables = {
        "kernel_collapse": over_kernels(collapse_table),
        "kernel_slopes": over_kernels(late_slopes),
        "kernel_rank": over_kernels(rank_table),
        "regression": over_kernels(regression_table),
        "regression_rank": over_kernels(regression_rank_table),
    }
    write_tables(job, "kernel", tables)


def log_values(functions: dict[int, Array], log_scale: dict[int, Array]) -> list[Array]:
    """Logarithms of the singular values of trained representations, (S, T, z) for each step size, finest first."""
    return [
        np.log(np.linalg.svd(functions[level], compute_uv=False)) + log_scale[level][..., None]
        for level in range(len(functions))
    ]


def collapse_table(plan: Design, trajectories: Trajectories, solution: Solution) -> pd.DataFrame:
    """ln(σ_2/σ_1)(t) and ln σ_1 as trained without and with weight decay, and as extrapolated to η → 0.

    Beside them ln(σ_2/σ_1) as predicted, without weight decay, and as wrong rates would have it.
    """
    values = log_values(trajectories.functions, trajectories.log_scale)
    values_decay = log_values(trajectories.functions_decay, trajectories.log_scale_decay)
    measured = {
        "log_ratio": [log_ratio(level) for level in values],
        "log_largest": [level[..., 0] for level in values],
        "log_ratio_decay": [log_ratio(level) for level in values_decay],
        "log_largest_decay": [level[..., 0] for level in values_decay],
    }
    times, rates = solution.times, plan.learning_rates
    return pd.concat(
        tidy_rows(
            {name: extrapolated(runs, level, weights) for name, runs in measured.items()},
            times,
            learning_rate=rates[level],
            extrapolations=len(weights) - 1,
            gap_time=times * first_gap(solution.eigenvalues),
            predicted=log_ratio(solution.log_singular_values),
            **{f"predicted_{name}": log_ratio(values) for name, values in solution.log_singular_values_control.items()},
        )
        for level, weights in combinations(len(rates))
    )


def late_slopes(plan: Design, trajectories: Trajectories, solution: Solution) -> pd.DataFrame:
    """Late slope of ln(σ_2/σ_1) at each step size, with and without weight decay, which leaves that of the flow."""
    runs = (
        (0.0, trajectories.functions, trajectories.log_scale, solution.descent),
        (plan.decay, trajectories.functions_decay, trajectories.log_scale_decay, solution.descent_decay),
    )
    return pd.concat(
        slope_table(
            [log_ratio(values) for values in log_values(functions, log_scale)],
            list(descent.values()),
            solution.log_singular_values,
            times=solution.times,
            late=solution.late,
            learning_rates=plan.learning_rates,
        ).assign(decay=decay)
        for decay, functions, log_scale, descent in runs
    )


def rank_table(plan: Design, trajectories: Trajectories, solution: Solution) -> pd.DataFrame:
    """Effective rank and largest sine of a column to the top eigenfunction, self-supervised and in regression.

    `progress`: time over the end of the training; `excess`: ln(effective rank − 1), of self-supervised runs also as the
    solution in discrete time has it, at its rate and at wrong ones.
    """
    times, gap = solution.times, first_gap(solution.eigenvalues)
    descents = {"self-supervised": "plain", "with weight decay": "decay"}
    runs = {
        "self-supervised": (trajectories.functions[0], times),
        "with weight decay": (trajectories.functions_decay[0], times),
        "regression": (
            np.concatenate([trajectories.regression[0], trajectories.regression_late], axis=1),
            np.concatenate([plan.regression.times, plan.late_times]),
        ),
    }
    tables = []
    for objective, (U, moments) in runs.items():
        values = {
            "effective_rank": effective_rank(U),
            "misalignment": sines_to(U, solution.eigenfunction).max(-1),
        }
        if objective in descents:
            name = descents[objective]
            logs = {
                "excess": np.log(np.linalg.svd(U, compute_uv=False)),
                "excess_predicted": solution.descent_whole[name],
                **{f"excess_predicted_{rate}": solution.descent_whole_control[name, rate] for rate in NEAR_RATES},
            }
            values |= {column: log_excess_rank(each) for column, each in logs.items()}
        supervised = objective == "regression"
        table = tidy_rows(values, moments, progress=moments / moments[-1], gap_time=moments * gap)
        tables.append(table.assign(objective=objective, supervised=supervised))
    return pd.concat(tables)


def regression_table(plan: Design, trajectories: Trajectories, solution: Solution) -> pd.DataFrame:
    """‖U − U'‖_F/‖Y‖_F between trained (or extrapolated) and predicted regression, while step sizes are compared."""
    rates = plan.regression.learning_rates
    trained = list(trajectories.regression.values())
    size = np.linalg.norm(plan.target, axis=(-2, -1))[:, None]
    wrong = {f"error_{name}": U for name, U in solution.regression_control.items()}
    predicted = {"error": solution.regression, **wrong}
    return pd.concat(
        tidy_rows(
            {
                name: np.linalg.norm(extrapolated(trained, level, weights) - U, axis=(-2, -1)) / size
                for name, U in predicted.items()
            },
            plan.regression.times,
            learning_rate=rates[level],
            extrapolations=len(weights) - 1,
        )
        for level, weights in combinations(len(rates))
    )


def regression_rank_table(plan: Design, trajectories: Trajectories, solution: Solution) -> pd.DataFrame:
    """Effective rank of regression as trained at the finest step size and then on to its end, and as predicted.

    `flow` is that of the flow, η → 0; `slope` the derivative of the prediction by the logarithm of its rate.
    """
    trained = np.concatenate([trajectories.regression[0], trajectories.regression_late], axis=1)
    values = {
        "effective_rank": effective_rank(trained),
        "predicted": solution.regression_rank,
        "flow": solution.regression_rank_flow,
        "slope": solution.regression_rank_slope,
    }
    return tidy_rows(values, np.concatenate([plan.regression.times, plan.late_times]))
