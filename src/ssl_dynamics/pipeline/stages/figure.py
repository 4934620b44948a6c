"""Stage `figure`: comparison tables to one figure, as SVG for pages and PNG for previews."""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import (
    collapse,
    constrained_nets,
    departure,
    depth,
    exactness,
    finite_steps,
    framework,
    kernel,
    kernel_drift,
    kernel_limit,
    objectives,
    sampling,
    theme,
    widths,
)
from ssl_dynamics.pipeline.artifacts import read_table, write_figure
from ssl_dynamics.pipeline.settings import FigureSettings
from ssl_dynamics.pipeline.stage import Job, main

# Figure name to the function that draws it from its table.
FIGURES: dict[str, Callable[[pd.DataFrame], Figure]] = {
    "collapse": collapse.collapse,
    "rank": collapse.rank,
    "exactness": exactness.exactness,
    "transient": exactness.transient,
    "spans": exactness.transient,
    "convergence": exactness.convergence,
    "steps": exactness.steps,
    "retractions": finite_steps.retractions,
    "iteration": finite_steps.iteration,
    "drift": finite_steps.drift,
    "limits": finite_steps.limits,
    "integration": exactness.integration,
    "objectives": objectives.objectives,
    "temperatures": objectives.temperatures,
    "kernel-collapse": kernel.kernel_collapse,
    "kernel-rank": kernel.kernel_rank,
    "narrow-errors": widths.narrow_errors,
    "narrow-speeds": widths.narrow_speeds,
    "wide-errors": widths.wide_errors,
    "wide-starts": widths.wide_starts,
    "downstream": framework.downstream,
    "probes": framework.probes,
    "acquisition": framework.acquisition,
    "finite-sample": sampling.finite_sample,
    "mini-batch": sampling.mini_batch,
    "departure": departure.departure,
    "departure-slope": departure.departure_slope,
    "blow-up": departure.blow_up,
    "fixed-time": departure.fixed_time,
    "gram-nets": departure.gram_nets,
    "constrained-nets": constrained_nets.constrained_nets,
    "constrained-drift": constrained_nets.constrained_drift,
    "kernel-drift": kernel_drift.kernel_drift,
    "departure-times": kernel_drift.departure_times,
    "after-departure": kernel_drift.after_departure,
    "kernel-limit": kernel_limit.kernel_limit,
    "depth-drift": depth.depth_drift,
    "depth-widths": depth.depth_widths,
    "depth-departure": depth.depth_departure,
    "depth-constrained": depth.depth_constrained,
}


def compute(job: Job[FigureSettings]) -> None:
    theme.apply()
    figure = FIGURES[job.settings.figure](pd.concat(map(read_table, job.inputs["table"])))
    write_figure(job.output("svg"), figure)
    write_figure(job.output("png"), figure)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.figure", FigureSettings, compute)
