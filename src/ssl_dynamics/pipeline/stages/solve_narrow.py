"""Stage `solve_narrow`: the single-layer closed form, at several speeds, and the integrated equations of the layers."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import SolveLayersSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.theory import grassmann_flow, integrate_narrow_layers

SPEEDS = np.arange(16, 45) / 20  # 0.8 … 2.2, where the speed of a net is looked for


def compute(job: Job[SolveLayersSettings]) -> None:
    C = read_arrays(job.input("quadratic_form"))["C"]
    plan = read_arrays(job.input("layers"))
    start, times = plan["start"], plan["coarse_steps"] * plan["learning_rates"][-1]
    solution: Arrays = {"times": times, "speeds": SPEEDS}
    # Speeds that theory gives at h = d: 1 under any metric at h = z; half is the control.
    for name, speed in (("basis", 1.0), ("basis_stiefel", 1.5), ("basis_canonical", 2.0), ("basis_control", 0.5)):
        solution[name] = grassmann_flow(C, start, speed * times)
    solution["at_speeds"] = np.stack([grassmann_flow(C, start, speed * times) for speed in SPEEDS], axis=1)
    for width in plan["widths"]:
        first, second = plan[f"first_{width}"][:1], plan[f"second_{width}"][:1]
        if first.size <= job.settings.integrated_numbers:
            solution[f"integrated_{width}"] = integrate_narrow_layers(C, first, second, times)
    write_arrays(job.output("solution"), solution)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_narrow", SolveLayersSettings, compute)
