"""Stage `figure`: comparison tables to one figure, as SVG for pages and PNG for previews."""

from importlib import import_module

import pandas as pd

from ssl_dynamics.figures import theme
from ssl_dynamics.pipeline.artifacts import read_table, write_figure
from ssl_dynamics.pipeline.settings import FigureSettings
from ssl_dynamics.pipeline.stage import Job, main


def compute(job: Job[FigureSettings]) -> None:
    theme.apply()
    module, _, function = job.settings.function.partition(":")
    # Imported by name, so that the code of a figure is its own function and what that reaches, not every figure's.
    tables = [pd.concat(map(read_table, job.inputs[name])) for name in job.settings.tables]
    figure = getattr(import_module(module), function)(*tables)
    write_figure(figure, job.output("svg"), job.output("png"))


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.figure", FigureSettings, compute, further=lambda settings: [settings.function])
