"""Stage `solve_narrow`: the single-layer closed form, at several speeds, and the integrated equations of the layers."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import SolveLayersSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.theory import full_width_speed, grassmann_flow, integrate_narrow_layers

Array = NDArray[np.float64]

SPEEDS = np.arange(16, 45) / 20  # 0.8 … 2.2, where the speed of a net is looked for

# Speeds that theory gives at h = d (under any metric it is 1 at h = z), and half the speed, the control.
NAMED_SPEEDS = {
    "basis": 1.0,
    "basis_stiefel": full_width_speed("stiefel"),
    "basis_canonical": full_width_speed("canonical"),
    "basis_control": 0.5,
}


def compute(job: Job[SolveLayersSettings]) -> None:
    C = read_arrays(job.input("quadratic_form"))["C"]
    plan = read_arrays(job.input("layers"))
    start, times = plan["start"], plan["coarse_steps"] * plan["learning_rates"][-1]
    solution: Arrays = {"times": times, "speeds": SPEEDS, "named_speeds": np.array(list(NAMED_SPEEDS.values()))}
    speeds = np.concatenate([SPEEDS, list(NAMED_SPEEDS.values())])
    flows = flow_at_speeds(C, start, times, speeds)
    solution["at_speeds"] = flows[:, : len(SPEEDS)]
    for i, name in enumerate(NAMED_SPEEDS, start=len(SPEEDS)):
        solution[name] = flows[:, i]
    for width in plan["widths"]:
        first, second = plan[f"first_{width}"], plan[f"second_{width}"]
        if first.size <= job.settings.integrated_numbers:
            solution[f"integrated_{width}"] = integrate_narrow_layers(C, first, second, times)
    write_arrays(job.output("solution"), solution)


def flow_at_speeds(C: Array, start: Array, times: Array, speeds: Array) -> Array:
    """The closed form at times ct for every speed c (K,): (S, K, T, d, z), from one eigendecomposition of C."""
    clocks, where = np.unique(np.outer(speeds, times), return_inverse=True)
    flows: Array = grassmann_flow(C, start, clocks)[:, where.reshape(len(speeds), len(times))]
    return flows


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_narrow", SolveLayersSettings, compute)
