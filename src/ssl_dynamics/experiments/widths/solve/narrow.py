"""The single-layer closed form, at several speeds, and the integrated equations of the layers of narrow nets."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.widths.config import METRICS, SPEEDS, SolveSettings
from ssl_dynamics.experiments.widths.design import Array, NarrowDesign, NarrowSolution
from ssl_dynamics.theory import full_width_speed, grassmann_flow, integrate_narrow_layers

# Speeds that theory gives at h = d (under any metric it is 1 at h = z), and half the speed, the control.
NAMED_SPEEDS = (*map(full_width_speed, METRICS), 0.5)


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_narrow`."""
    C = read_form(job.input("quadratic_form"))
    design = NarrowDesign.load(job.input("layers"))
    times = design.schedule.times
    flows = flow_at_speeds(C, design.start, times, np.array([*SPEEDS, *NAMED_SPEEDS]))
    grassmann, stiefel, canonical, control = (flows[:, k] for k in range(len(SPEEDS), flows.shape[1]))
    NarrowSolution(
        times=times,
        speeds=np.array(SPEEDS),
        named_speeds=np.array(NAMED_SPEEDS),
        at_speeds=flows[:, : len(SPEEDS)],
        basis=grassmann,
        basis_stiefel=stiefel,
        basis_canonical=canonical,
        basis_control=control,
        integrated={
            width: integrate_narrow_layers(C, design.first[width], design.second[width], times)
            for width in map(int, design.widths)
            if design.first[width].size <= job.settings.integrated_numbers
        },
    ).save(job.output("solution"))


def flow_at_speeds(C: Array, start: Array, times: Array, speeds: Array) -> Array:
    """The closed form at times ct for every speed c (K,): (S, K, T, d, z), from one eigendecomposition of C."""
    clocks, where = np.unique(np.outer(speeds, times), return_inverse=True)
    flows: Array = grassmann_flow(C, start, clocks)[:, where.reshape(len(speeds), len(times))]
    return flows
