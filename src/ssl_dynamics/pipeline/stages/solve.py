"""Stage `solve`: the closed forms at the checkpoints, from C and W(0) alone; the controls are at half the rate."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.schedule import Schedule, late_window
from ssl_dynamics.pipeline.settings import SolveSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.theory import (
    descent_log_singular_values,
    grassmann_flow,
    grassmann_tangent,
    integrate_grassmann_flow,
    leading_eigenspace,
    log_singular_values,
    tangent_bound,
)


def compute(job: Job[SolveSettings]) -> None:
    C = read_arrays(job.input("quadratic_form"))["C"]
    plan = read_arrays(job.input("schedule"))
    schedule = Schedule(plan["learning_rates"], plan["coarse_steps"], int(plan["shared"]))
    start, times = plan["start"], schedule.times
    solution: Arrays = {
        "times": times,
        "eigenvalues": np.linalg.eigvalsh(C),
        "leading": leading_eigenspace(C, start.shape[-1]),
    }
    if job.settings.dynamics == "unconstrained":
        # Ẇ = −CW instead of Ẇ = −2CW: the flow at rate 1.
        for name, clock in (("", times), ("_control", times / 2)):
            solution[f"log_singular_values{name}"] = log_singular_values(C, start, clock)
            solution[f"span{name}"] = grassmann_flow(C, start, clock)
        first, second = solution["eigenvalues"][:2]
        solution["late"] = late = late_window(times * (second - first))
        for level, learning_rate in enumerate(schedule.learning_rates):
            steps = np.array(schedule.checkpoints(level))[late]
            solution[f"descent_{level}"] = descent_log_singular_values(C, start, float(learning_rate), steps)
    else:
        for name, clock in (("", times), ("_control", times / 2)):
            solution[f"basis{name}"] = grassmann_flow(C, start, clock)
        solution["integrated"] = integrate_grassmann_flow(C, start, times[: schedule.shared])
        solution["tangent"] = grassmann_tangent(C, start, times)
        solution["tangent_bound"] = tangent_bound(C, start, times)
        # The bound had the gap been twice as wide.
        solution["tangent_bound_control"] = tangent_bound(C, start, 2 * times)
    write_arrays(job.output("solution"), solution)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve", SolveSettings, compute)
