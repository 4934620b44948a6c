"""Stage `solve_finite_steps`: the flow, orthogonal iteration and their limits, from C and W(0) alone."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import NoSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.theory import grassmann_flow, leading_eigenspace, orthogonal_iteration


def compute(job: Job[NoSettings]) -> None:
    C = read_arrays(job.input("quadratic_form"))["C"]
    plan = read_arrays(job.input("schedule"))
    start, rate = plan["start"], float(plan["iteration_rate"])
    times = plan["coarse_steps"] * plan["learning_rates"][-1]
    limit = [int(plan["limit_steps"])]
    solution = {
        "times": times,
        "flow": grassmann_flow(C, start, times),
        "flow_control": grassmann_flow(C, start, times / 2),
        "iteration": orthogonal_iteration(C, start, rate, plan["iteration_steps"]),
        # What orthogonal iteration would do were it the flow at the same times.
        "iteration_control": grassmann_flow(C, start, rate * plan["iteration_steps"]),
        "leading": leading_eigenspace(C, start.shape[-1]),
        # With the roles exchanged C changes its sign; the direction that takes over beyond the limit is the last of −C.
        "last_exchanged": leading_eigenspace(C, 1),
    }
    for side, exchanged_rate in enumerate(plan["exchanged_rates"]):
        solution[f"iteration_limit_{side}"] = orthogonal_iteration(-C, start, float(exchanged_rate), limit)
    write_arrays(job.output("solution"), {name: np.asarray(values) for name, values in solution.items()})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_finite_steps", NoSettings, compute)
