"""Stage `solve_wide`: the d × z equation of wide nets, and the integrated equations of their layers."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import SolveLayersSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.theory import integrate_wide_layers, integrate_wide_two_layer_flow, wide_two_layer_flow

LATE = 6.0  # in units of 1/‖C‖: starts of every width have reached their limit for the most part


def compute(job: Job[SolveLayersSettings]) -> None:
    C = read_arrays(job.input("quadratic_form"))["C"]
    plan = read_arrays(job.input("layers"))
    times = plan["coarse_steps"] * plan["learning_rates"][-1]
    solution: Arrays = {"times": times}
    starts = np.stack([plan[f"starts_{width}"][:, 0] for width in plan["widths"]])
    solution["late"] = wide_two_layer_flow(C, starts, [LATE / np.linalg.norm(C, ord=2)])[..., 0, :, :]
    for width in map(int, plan["widths"]):
        first, second, start = plan[f"first_{width}"], plan[f"second_{width}"], plan[f"starts_{width}"][:, 0]
        solution[f"flow_{width}"] = wide_two_layer_flow(C, start, times)
        # Had the rate depended on the width, like the squared singular values of the start.
        solution[f"flow_control_{width}"] = wide_two_layer_flow(C, start, times * len(C) / width)
        solution[f"flow_half_{width}"] = wide_two_layer_flow(C, start, times / 2)
        if second.shape[-1] == 1:
            solution[f"integrated_equation_{width}"] = integrate_wide_two_layer_flow(C, start, times)
        if first.size <= job.settings.integrated_numbers:
            solution[f"integrated_layers_{width}"] = integrate_wide_layers(C, first, second, times)
    write_arrays(job.output("solution"), solution)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_wide", SolveLayersSettings, compute)
