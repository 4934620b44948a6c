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
    trained = [int(width) for width in plan["widths"] if f"first_{width}" in plan]
    for width in trained:
        first, second = plan[f"first_{width}"], plan[f"second_{width}"]
        start, z = plan[f"starts_{width}"][: len(first), 0], second.shape[-1]
        solution[f"flow_{width}"] = wide_two_layer_flow(C, start, times)
        # Had the rate depended on the width, like the squared singular values of the start.
        solution[f"flow_control_{width}"] = wide_two_layer_flow(C, start, times * len(C) / width)
        solution[f"flow_half_{width}"] = wide_two_layer_flow(C, start[:1], times / 2)
        if z == 1:
            solution[f"integrated_equation_{width}"] = integrate_wide_two_layer_flow(C, start[:1], times)
        smallest = z > 1 and width == trained[0]  # beside the equation there is no other oracle then
        if first[0].size <= job.settings.integrated_numbers or smallest:
            solution[f"integrated_layers_{width}"] = integrate_wide_layers(C, first[:1], second[:1], times)
    write_arrays(job.output("solution"), solution)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_wide", SolveLayersSettings, compute)
