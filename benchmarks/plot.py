"""The figure of a benchmark: ratios with their range and target, and shares of the limits."""

from itertools import cycle
from pathlib import Path
from statistics import median

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from benchmarks.report import Report
from ssl_dynamics.figures import theme

ROW = 0.2  # inches


def draw(report: Report) -> Figure:
    """A line for each row, the first on top."""
    theme.apply()
    rows = report.rows
    figure = Figure(figsize=(theme.DOUBLE, ROW * len(rows) + 0.7), layout="constrained")
    ratios, shares = figure.subplots(1, 2, sharey=True, width_ratios=(2.2, 1))
    groups = list(dict.fromkeys(row.group for row in rows))
    colors = dict(zip(groups, cycle((theme.INDIGO, theme.TEAL, theme.PURPLE)), strict=False))
    for place, row in enumerate(rows):
        color = colors[row.group]
        ratios.plot([min(row.ratios), max(row.ratios)], [place, place], color=color, linewidth=3, alpha=0.4)
        ratios.plot(median(row.ratios), place, "o", color=color, markersize=3.5)
        if row.limits:
            shares.plot([min(row.shares), max(row.shares)], [place, place], color=color, linewidth=3, alpha=0.4)
            shares.plot(median(row.shares), place, "o", color=color, markersize=3.5)
        for target in row.targets:
            axes = ratios if target.of == "ratio" else shares
            for bound in (target.least, target.most):
                if bound is not None:
                    axes.plot(bound, place, "|", color="black", markersize=9)
    ratios.set(xscale="log", xlabel="peer's time / ours (| target)", ylim=(len(rows) - 0.5, -0.5))
    ratios.xaxis.set_major_locator(LogLocator(100))
    ratios.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ratios.axvline(1, color="0.8", linewidth=0.8, zorder=0)
    ratios.set_yticks(range(len(rows)), [f"{row.what} – {row.peer}" for row in rows], fontsize=5)
    shares.set(xlabel="limit / ours", xlim=(0, None))
    for axes in (ratios, shares):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="0.93", linewidth=0.6)
        axes.tick_params(axis="y", length=0)
    return figure


def save(figure: Figure, *paths: Path) -> None:
    for path in paths:
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
