"""Figures of the penalty between collapse and constraint."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssl_dynamics.figures import marks, panels, theme

WITHOUT, WITH = "none (A1)", "constraint (A2)"
QUANTITIES = {"Gram matrix": (theme.WINE, "s"), "span": (theme.DYNAMICS_COLORS["grassmannian"], "o")}

STRONG_LABEL = r"relative $\beta\,\|X(WW^\top-\ldots)X^\top\|_F$"
# What is left of WWᵀ: its colour, its marker, the term that predicts it, and what has been taken away.
LEFT = {
    "from_projector": (theme.DYNAMICS_COLORS["grassmannian"], "o", "first_term", "$P$"),
    "from_first": (theme.WINE, "s", "second_term", r"$P-PCP/\beta$"),
    "error": (theme.CONTROL, "^", None, "both terms"),
}
TRAINED = ("from_projector", "from_first")  # of these


def soft_constraint(soft_rank: pd.DataFrame) -> Figure:
    """Effective rank over time between the unconstrained and the constrained flow; lines theory, points training.

    1 + exp of the mean over the seeds of ln(effective rank − 1), from the first time of the curves on.
    """
    keys = ["dataset", "loss", "dimension", "strength", "time"]
    trained = soft_rank["excess"].notna()
    curves = soft_rank[~trained].groupby(keys)["predicted"].mean().reset_index()
    points = soft_rank[trained].groupby(keys)["excess"].mean().reset_index()
    strengths = sorted(curves["strength"].unique())
    penalties = np.array(strengths[1:-1])
    colors = theme.shades(penalties, between=True)
    colors |= {0.0: theme.DYNAMICS_COLORS["unconstrained"], np.inf: theme.DYNAMICS_COLORS["grassmannian"]}
    grid = panels.grid(curves, by_loss=True, scales={"x": "log"}, sharex=False)
    cells = dict(panels.panels(grid, points))
    for axes, panel in panels.panels(grid, curves):
        for strength, curve in panel.groupby("strength"):
            width = 1.6 if strength in (0.0, np.inf) else 0.9
            axes.plot(curve["time"], 1 + np.exp(curve["predicted"]), color=colors[strength], linewidth=width)
        of_panel = cells.get(axes, points.iloc[:0])
        for strength, curve in of_panel[of_panel["time"] >= panel["time"].min()].groupby("strength"):
            axes.plot(curve["time"], 1 + np.exp(curve["excess"]), ".", color=colors[strength], markersize=2.5)
    names = {0.0: WITHOUT, np.inf: WITH}
    names |= {penalty: rf"$\beta={_as_power(penalty)}\,\|C\|$" for penalty in penalties}
    handles = [panels.line(names[strength], colors[strength]) for strength in strengths]
    handles += panels.theory_and_training(".")
    return panels.finished(grid, x="time $t$", y="effective rank", handles=handles)


def _as_power(value: float) -> str:
    """A power of ten below one as such, other numbers as they are, as LaTeX."""
    exponent = round(np.log10(value))
    return f"10^{{{exponent}}}" if exponent < 0 and np.isclose(value, 10.0**exponent) else f"{value:g}"


def soft_flow(soft_flow: pd.DataFrame, soft_span: pd.DataFrame) -> Figure:
    """Largest error over time against β, extrapolated twice: of WWᵀ and of its span; dashed a rate wrong by 1 %."""
    keys = ["dataset", "loss", "dimension", "strength", "seed"]
    parts = []
    for name, table in zip(QUANTITIES, (soft_flow, soft_span), strict=True):
        rows = table[(table["extrapolations"] == 2)]
        rows = rows[rows["learning_rate"] == rows.groupby(keys[:3])["learning_rate"].transform("min")]
        parts.append(rows.groupby(keys, as_index=False)[["error", "error_fast"]].max().assign(of=name))
    tidy = pd.concat(parts)
    grid = panels.grid(tidy, by_loss=True, scales={"x": "log", "y": "log"})
    for axes, panel in panels.panels(grid, tidy):
        for name, (color, marker) in QUANTITIES.items():
            part = panel[panel["of"] == name]
            marks.mean_and_interval(axes, part, "strength", "error", color, marker=marker)
            marks.mean_and_interval(axes, part, "strength", "error_fast", theme.CONTROL, style="--", marker=marker)
    handles = [
        *(panels.line(f"{name}, closed form", color, marker=marker) for name, (color, marker) in QUANTITIES.items()),
        *(
            panels.line(f"{name}, control: rate 1 % off", theme.CONTROL, "--", marker)
            for name, (_, marker) in QUANTITIES.items()
        ),
    ]
    return panels.finished(grid, x=r"$\beta/\|C\|$", y="largest relative error", handles=handles)


def soft_limits(soft_limits: pd.DataFrame) -> Figure:
    """Singular values in the limit against β, with weight decay; lines theory, points training, a colour a direction.

    Dotted, the penalties λ_k + ω below which a direction dies.
    """
    trained = soft_limits["value"].notna()
    points, curves = soft_limits[trained], soft_limits[~trained]
    colors = theme.shades(soft_limits["direction"])
    grid = panels.grid(curves, by_loss=True, sharex=False)
    cells = dict(panels.panels(grid, points))
    for axes, panel in panels.panels(grid, curves):
        for direction, curve in panel.groupby("direction"):
            axes.plot(curve["strength"], curve["predicted"], color=colors[direction], linewidth=0.9)
            axes.axvline(curve["critical"].iloc[0], color=colors[direction], linestyle=":", linewidth=0.9)
        for direction, dots in cells.get(axes, points.iloc[:0]).groupby("direction"):
            axes.plot(dots["strength"], dots["value"], "o", color=colors[direction], markersize=3, alpha=0.7)
    handles = [panels.line(rf"$\sigma_{{{k}}}$", color, marker="o") for k, color in colors.items()]
    handles += [*panels.theory_and_training("o"), panels.line(r"$\lambda_k+\omega$", theme.CONTROL, ":")]
    return panels.finished(grid, x=r"$\beta/\|C\|$", y="singular value", handles=handles)


def soft_accuracy(soft_accuracy: pd.DataFrame) -> Figure:
    """Test accuracy of the nearest class mean over time at each penalty; lines theory, points training.

    Means over the seeds.
    """
    rows = soft_accuracy[(soft_accuracy["probe"] == "nearest-mean") & (soft_accuracy["time"] > 0)]
    rows = rows.assign(strength=rows["strength"].map("{:.6g}".format).astype(float))  # the same of every data set
    keys = ["dataset", "loss", "dimension", "strength", "time"]
    means = rows.groupby(keys)[["trained", "predicted", "constrained"]].mean().reset_index()
    colors = theme.shades(means["strength"])
    grid = panels.grid(means, by_loss=True, scales={"x": "log"}, sharex=False, sharey="row")
    for axes, panel in panels.panels(grid, means):
        for strength, curve in panel.groupby("strength"):
            axes.plot(curve["time"], curve["predicted"], color=colors[strength], linewidth=0.9)
            axes.plot(curve["time"], curve["trained"], ".", color=colors[strength], markersize=2.5)
        constrained = panel[panel["strength"] == panel["strength"].max()]
        axes.plot(constrained["time"], constrained["constrained"], color=theme.CONTROL, linestyle="--", linewidth=0.9)
    handles = [panels.line(rf"$\beta={strength:g}\,\|C\|$", color, marker=".") for strength, color in colors.items()]
    handles += [*panels.theory_and_training("."), panels.line("constraint", theme.CONTROL, "--")]
    return panels.finished(grid, x="time $t$", y="test accuracy", handles=handles)


def soft_strong(soft_strong: pd.DataFrame, soft_distance: pd.DataFrame) -> Figure:
    """What is left of β‖X(WWᵀ − P)Xᵀ‖ as β grows, over ‖XPCPXᵀ‖: closed form as points, terms of it as lines.

    Largest over time, mean over the seeds; full, training at its largest penalty.
    """
    keys = ["dataset", "loss", "dimension", "strength"]
    columns = ["from_projector", "first_term", "from_first", "second_term", "error"]
    largest = soft_strong.groupby([*keys, "seed"])[columns].max()
    means = largest.groupby(keys).mean().reset_index()
    rows = soft_distance[soft_distance["settled"].astype(bool) & (soft_distance["extrapolations"] == 2)]
    rows = rows[rows["learning_rate"] == rows.groupby(keys[:3])["learning_rate"].transform("min")]
    trained = rows.groupby([*keys, "seed"])[list(TRAINED)].max().groupby(keys).mean().reset_index()
    grid = panels.grid(means, by_loss=True, scales={"x": "log", "y": "log"})
    cells = dict(panels.panels(grid, trained))
    for axes, panel in panels.panels(grid, means):
        at = cells.get(axes, trained.iloc[:0])
        for column in TRAINED:
            axes.plot(at["strength"], at[column], LEFT[column][1], color=LEFT[column][0], markersize=4)
        for column, (color, marker, term, _) in LEFT.items():
            axes.plot(panel["strength"], panel[column], marker, color=color, markersize=4, markerfacecolor="none")
            if term:
                axes.plot(panel["strength"], panel[term], color=color)
    handles = [
        panels.line(name, color, "-" if term else "", marker, markersize=4, markerfacecolor="none")
        for color, marker, term, name in LEFT.values()
    ]
    color, marker, *_ = LEFT["from_projector"]
    handles.append(panels.line("training", color, "", marker, markersize=4))
    return panels.finished(grid, x=r"$\beta/\|C\|$", y=STRONG_LABEL, handles=handles)
