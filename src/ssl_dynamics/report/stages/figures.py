"""Comparison tables to the figures of one part of the report, as SVG for pages and PNG for previews."""

from importlib import import_module

import matplotlib.pyplot as plt

from ssl_dynamics.engine.artifacts import read_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.figures import theme
from ssl_dynamics.figures.left_open import drawn
from ssl_dynamics.figures.writing import write_figure
from ssl_dynamics.report.settings import FiguresSettings


def figures(job: Job[FiguresSettings]) -> None:
    """Stages `figures_…`."""
    theme.apply()
    tables = {name: read_tables(paths) for name, paths in job.inputs.items()}
    for each, svg, png in zip(job.settings.figures, job.outputs["svg"], job.outputs["png"], strict=True):
        module, _, function = each.function.partition(":")
        # Imported by name, so that the code of the figures is their own functions and what these reach.
        draw = getattr(import_module(module), function)
        rows, reasons = zip(*(tables[name] for name in each.tables), strict=True)
        figure = drawn(draw, rows, reasons)
        write_figure(figure, svg, png)
        plt.close(figure)
