"""Comparison tables to the figures of one experiment, as SVG for pages and PNG for previews."""

from importlib import import_module

import matplotlib.pyplot as plt
import pandas as pd

from ssl_dynamics.engine.artifacts import read_table, write_figure
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.figures import theme
from ssl_dynamics.report.settings import FiguresSettings


def figures(job: Job[FiguresSettings]) -> None:
    """Stages `figures_…`."""
    theme.apply()
    tables = {name: pd.concat(map(read_table, paths)) for name, paths in job.inputs.items()}
    for drawn, svg, png in zip(job.settings.figures, job.outputs["svg"], job.outputs["png"], strict=True):
        module, _, function = drawn.function.partition(":")
        # Imported by name, so that the code of the figures is their own functions and what these reach.
        figure = getattr(import_module(module), function)(*(tables[name].copy() for name in drawn.tables))
        write_figure(figure, svg, png)
        plt.close(figure)
