"""The single-layer closed form, at several speeds, and the integrated equations of the layers of narrow nets."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.widths.config import METRICS, SPEEDS, SolveSettings
from ssl_dynamics.experiments.widths.design import Array, NarrowDesign, NarrowSolution
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.theory import full_width_speed, grassmann_flow, integrate_narrow_layers

NAMED_SPEEDS = tuple(map(full_width_speed, METRICS))  # at h = d; at h = z the speed is 1 under any metric


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_narrow`."""
    C = read_form(job.input("quadratic_form"))
    design = NarrowDesign.load(job.input("layers"))
    times = design.schedule.times
    flows = flow_at_speeds(C, design.start, times, np.array([*SPEEDS, *NAMED_SPEEDS, *NEAR_RATES.values()]))
    grassmann, stiefel, canonical, *wrong = (flows[:, k] for k in range(len(SPEEDS), flows.shape[1]))
    NarrowSolution(
        times=times,
        speeds=np.array(SPEEDS),
        named_speeds=np.array(NAMED_SPEEDS),
        at_speeds=flows[:, : len(SPEEDS)],
        basis=grassmann,
        basis_stiefel=stiefel,
        basis_canonical=canonical,
        basis_control=dict(zip(NEAR_RATES, wrong, strict=True)),
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
