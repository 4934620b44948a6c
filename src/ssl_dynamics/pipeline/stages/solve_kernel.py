"""Stage `solve_kernel`: the closed forms on each kernel at the checkpoints, from K, A, Y and U(0) alone."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.kernel_plan import KernelPlan, read_plans
from ssl_dynamics.pipeline.schedule import late_window
from ssl_dynamics.pipeline.settings import LossSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.settings import Loss
from ssl_dynamics.theory import (
    descent_log_singular_values,
    log_singular_values,
    reduced_kernel_flow,
    regression_flow,
    top_eigenfunction,
)


def compute(job: Job[LossSettings]) -> None:
    solution: Arrays = {}
    for name, plan in read_plans(read_arrays(job.input("schedule"))):
        solution |= {f"{key}_{name}": values for key, values in _solve(plan, job.settings.loss).items()}
    write_arrays(job.output("solution"), solution)


def _solve(plan: KernelPlan, loss: Loss) -> Arrays:
    reduced = reduced_kernel_flow(plan.K, coupling_matrix(len(plan.K) // 3, loss=loss), plan.start)
    L, M, B0, times = reduced.L, reduced.form, reduced.B0, plan.schedule.times
    eigenvalues = np.linalg.eigvalsh(M)
    late = late_window(times * (eigenvalues[1] - eigenvalues[0]))
    solution: Arrays = {
        "times": times,
        "eigenvalues": eigenvalues,
        "late": late,
        "eigenfunction": top_eigenfunction(reduced),
        "log_singular_values": log_singular_values(M, B0, times, through=L),
        "log_singular_values_control": log_singular_values(M, B0, times / 2, through=L),  # the flow at rate 1
    }
    # Weight decay δ shifts every eigenvalue by δ.
    for suffix, form in (("", M), ("_decay", M + plan.decay * np.eye(len(M)))):
        for level, learning_rate in enumerate(plan.schedule.learning_rates):
            steps = np.array(plan.schedule.checkpoints(level))[late]
            solution[f"descent{suffix}_{level}"] = descent_log_singular_values(
                form, B0, float(learning_rate), steps, through=L
            )
    for suffix, rate in (("", 1), ("_control", 2)):  # the rate of the self-supervised flow is 2
        solution[f"regression{suffix}"] = regression_flow(plan.K, plan.target, plan.start, rate * plan.regression.times)
    return solution


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_kernel", LossSettings, compute)
