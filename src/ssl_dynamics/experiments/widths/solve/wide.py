"""The d × z equation of wide nets, and the integrated equations of their layers."""

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.widths.config import LATE, SolveSettings
from ssl_dynamics.experiments.widths.design import Array, WideDesign, WideSolution
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.theory import integrate_wide_layers, integrate_wide_two_layer_flow, wide_two_layer_flow


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_wide`."""
    C = read_form(job.input("quadratic_form"))
    design = WideDesign.load(job.input("layers"))
    times = design.schedule.times
    starts = {width: design.starts[width][:, 0] for width in map(int, design.widths)}
    late = wide_two_layer_flow(C, np.stack(list(starts.values())), [LATE / np.linalg.norm(C, ord=2)])
    integrated: dict[tuple[str, int], Array] = {}
    for width, start in starts.items():
        first, second = design.first[width], design.second[width]
        if second.shape[-1] == 1:
            integrated["equation", width] = integrate_wide_two_layer_flow(C, start, times)
        if first.size <= job.settings.integrated_numbers:
            integrated["layers", width] = integrate_wide_layers(C, first, second, times)
    WideSolution(
        times=times,
        late=late[..., 0, :, :],
        flow={width: wide_two_layer_flow(C, start, times) for width, start in starts.items()},
        flow_wrong={
            (name, width): wide_two_layer_flow(C, start, rate * times)
            for name, rate in (NEAR_RATES | FAR_RATES).items()
            for width, start in starts.items()
        },
        integrated=integrated,
    ).save(job.output("solution"))
