import itertools
import re
from importlib import import_module
from itertools import chain
from pathlib import Path
from zlib import crc32

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ssl_dynamics
from figure_checks import flaws
from ssl_dynamics.catalogue import EXPERIMENTS, FAMILIES, FIGURES, STORY, caption, drawing_of, figure_groups
from ssl_dynamics.engine.artifacts import sha256
from ssl_dynamics.experiments.data.figures import triplets
from ssl_dynamics.experiments.dynamics.figures import exactness
from ssl_dynamics.experiments.norm_constraints.figures import norm_constraints as norm_constraints_figure
from ssl_dynamics.figures import panels, theme
from ssl_dynamics.figures.writing import write_figure
from ssl_dynamics.report.parts import PARTS

mpl.use("Agg")

SOURCES = Path(ssl_dynamics.__file__).parent
# Figures of which each column of panels shows something else; their rows are cells.
TABLES = {"constrained-nets", "constrained-drift", "kernel-drift", "kernel-limit", "objectives"}

RATES, TIMES, WIDTHS = [0.01, 0.02], [0.0, 1.0, 2.0], [64, 128, 256]
ACTIVATIONS = ["identity", "relu", "erf"]


def rows(**axes):
    """A row for each combination of these values, of two data sets, losses, dimensions and seeds."""
    cells = {"dataset": ["a", "b"], "loss": ["contrastive", "non-contrastive"], "dimension": [1, 2]}
    axes = cells | axes | {"seed": [0, 1]}
    return pd.DataFrame(list(itertools.product(*axes.values())), columns=list(axes))


def measured(frame, *columns):
    """The rows with these columns, of numbers between 1 and 2 that are others in every row and column."""
    places = np.arange(len(frame))
    return frame.assign(**{name: 1 + np.exp(-(places + crc32(name.encode()) / 2**32) / len(frame)) for name in columns})


# The tables that the figures of a folder read, made up: with the columns that they have in a run, as far as figures
# look at them.


def dynamics():
    trained = rows(learning_rate=RATES, extrapolations=[0, 1, 2], time=TIMES)
    trained["gap_time"] = trained["time"]
    rank = rows(dynamics=["grassmannian", "unconstrained"], time=TIMES)
    errors = measured(trained.drop(columns="gap_time"), "error", "error_faster")
    errors["error"] *= errors["learning_rate"] ** (1 + errors["extrapolations"])
    return {
        "collapse": measured(trained, "log_ratio", "predicted"),
        "rank": measured(rank.assign(gap_time=rank["time"]), "effective_rank"),
        "errors": errors,
        "spans": errors,
        "steps": measured(rows(learning_rate=RATES, time=TIMES), "defect", "defect_euclidean"),
        "angles": measured(rows(time=TIMES), "tangent", "predicted", "bound"),
        "integration": measured(rows(time=TIMES), "distance", "distance_fast"),
    }


def kernel():
    kernels = ["linear", "relu-ntk"]
    trained = rows(kernel=kernels, learning_rate=RATES, extrapolations=[0, 1, 2], time=TIMES)
    trained["gap_time"] = trained["time"]
    runs = rows(kernel=kernels, objective=["self-supervised", "with weight decay", "regression"], time=TIMES)
    runs = runs.assign(progress=runs["time"] / 2, supervised=runs["objective"] == "regression")
    return {
        "kernel_collapse": measured(trained, "log_ratio", "log_ratio_decay", "predicted"),
        "kernel_rank": measured(runs, "effective_rank"),
    }


def finite_steps():
    both = ["polar", "geodesic"]
    return {
        "retractions": measured(rows(learning_rate=RATES, retraction=both, time=TIMES), "error", "error_faster"),
        "iteration": measured(rows(time=TIMES), "distance", "distance_control"),
        "drift": measured(rows(retraction=[*both, "qr", "none"], time=TIMES), "drift"),
        "limits": measured(rows(method=["riemannian", "iteration"], side=[0, 1], time=[100.0]), "part"),
    }


def edge_of_stability():
    trained = measured(
        rows(retraction=["qr", "polar", "geodesic"], edge=[0.9, 1.1, 1.2], pair=[1], time=[9, 10]), "angle"
    )
    curves = measured(rows(retraction=["qr", "geodesic"], edge=[0.9, 1.0, 1.3]), "predicted")
    return {"edge_orbit": pd.concat([trained, curves])}


def widths():
    metrics = ["grassmann", "stiefel", "canonical"]
    trained = {"learning_rate": RATES, "extrapolations": [0, 1, 2], "time": TIMES}
    return {
        "narrow_errors": measured(rows(metric=metrics, width=WIDTHS, **trained), "error"),
        "narrow_speeds": measured(rows(metric=metrics, width=WIDTHS), "speed", "predicted", "guide"),
        "wide_errors": measured(rows(ratio=[1.0, 2.0, 4.0], **trained), "error", "error_slower"),
        "wide_starts": measured(rows(ratio=[1.0, 2.0, 4.0]), "singular_value", "singular_value_late"),
    }


def downstream():
    tested = rows(probe=["ridge", "nearest-mean"], time=TIMES)
    return {
        "accuracy": measured(tested, "trained", "predicted"),
        "probes": measured(tested, "constrained", "collapsed", "span", "pca", "items"),
    }


def soft_constraint():
    errors = measured(rows(learning_rate=RATES, extrapolations=[0, 2], strength=[0.01, 1.0], time=TIMES), "error")
    errors = measured(errors, "error_fast")
    rank = measured(rows(strength=[0.0, 0.01, 1.0, 3.0, np.inf], time=[0.5, 1.0]), "predicted")
    trained = measured(rows(strength=[0.01, 3.0], time=[0.5, 1.0]), "excess", "predicted")
    limits = measured(rows(strength=[1.0, 1.5, 2.0], direction=[1, 2]), "value", "predicted").assign(critical=1.2)
    tested = rows(strength=[0.01, 1.0], probe=["ridge", "nearest-mean"], time=TIMES)
    return {
        "soft_flow": errors,
        "soft_span": errors,
        "soft_strong": measured(
            rows(strength=[100.0, 1000.0], time=TIMES),
            *("from_projector", "first_term", "from_first", "second_term", "error"),
        ),
        "soft_distance": measured(
            rows(learning_rate=RATES, extrapolations=[0, 2], strength=[5.0], settled=[False, True], time=TIMES),
            *("from_projector", "from_first", "error"),
        ),
        "soft_rank": pd.concat([trained, rank]),
        "soft_limits": pd.concat([limits, limits.assign(value=np.nan)]),
        "soft_accuracy": measured(tested, "trained", "predicted", "constrained"),
    }


def spectral_contrastive():
    return {"spectral_values": measured(rows(direction=[1, 2], time=TIMES), "value", "predicted").assign(limit=0.9)}


def norm_constraints():
    names = ["Frobenius norm", "unit columns", "spectral norm", "orthogonality"]
    return {"norm_ranks": measured(rows(constraint=names, time=TIMES), "excess", "predicted")}


def learning_times():
    return {"acquisition": measured(rows(direction=[1, 2, 3]), "measured", "predicted", "predicted_control")}


def stepwise():
    return {"stepwise_curves": measured(rows(step=[1.0, 2.0, 3.0], time=[0.5, 1.0]), "eigenvalue", "predicted", "due")}


def finite_sample():
    return {"sines": measured(rows(inverse_size=[0.01, 0.02, 0.04]), "sine")}


def mini_batch():
    return {"noise": measured(rows(step=RATES, batch=[16, 32, 64]), "deviation", "deviation_full")}


def objectives():
    names = ["dot-product", "info-nce", "nt-xent", "vicreg", "barlow-twins"]
    distances = ["sine", "sine_own_negatives", "distance", "distance_faster"]
    return {
        "objectives": measured(rows(objective=names, time=TIMES), "mean_square_sine"),
        "temperatures": measured(rows(temperature=[1.0, 10.0, 100.0]), *distances),
    }


def kernel_limit():
    limits = ["complete", "without the first layer"]
    nets = rows(width=WIDTHS, activation=ACTIVATIONS, block=["all", "first", "second"], limit=limits)
    return {"kernel_limit": measured(nets[(nets["limit"] == "complete") | (nets["block"] == "all")], "error", "ratio")}


def drift():
    runs = {"objective": ["supervised", "cosine", "dot-product"], "activation": ACTIVATIONS, "width": WIDTHS}
    moments = rows(**runs, time=TIMES)
    departing = moments["objective"] == "dot-product"
    linear = departing & (moments["activation"] == "identity")
    moments["since_departure"] = (moments["time"] - 1).where(departing)
    moments["limit_delay"] = linear.map({True: 0.6, False: np.nan})
    return {
        "departures": measured(rows(**runs), "drift", "departure_time", "growth_rate", "frozen_change"),
        "kernel_drift": measured(moments, "value").assign(value=lambda made: -made["value"]),
    }


def departure():
    gram = rows(width=WIDTHS, step=RATES, extrapolations=[0, 1, 2])
    return {
        "departure": measured(rows(width=WIDTHS, model=["equations", "nets"]), "departure", "law"),
        "blow_up": measured(rows(width=WIDTHS), "remaining", "law_remaining"),
        "fixed_time": measured(rows(width=WIDTHS, moment=["fixed", "logarithmic"]), "drift"),
        "gram_nets": measured(gram, "error"),
    }


def constrained_nets():
    nets = rows(
        activation=["relu", "erf"],
        objective=["self-supervised", "regression"],
        rate=["unit", "sqrt(h)", "h"],
        width=WIDTHS,
        time=[0.0, 4.0, 8.0],
    )
    columns = ["flow_error", "linearised_error", "feature_drift", "tangent_drift", "limit", "mismatch_limit"]
    made = measured(nets, *columns)
    made["flow_error"] /= made["width"]
    return {"constrained_nets": made}


def output_layer():
    nets = rows(nets=["optimum", "random", "relu", "erf"], width=WIDTHS, time=TIMES)
    curve = rows(nets=["random"], width=WIDTHS, time=np.linspace(0, 2, 9).tolist())
    return {
        "output_layer": measured(nets, "log_ratio", "predicted", "frozen"),
        "output_layer_curve": measured(curve, "predicted", "frozen"),
    }


def depth():
    runs = measured(rows(objective=["dot-product", "regression"], width=WIDTHS, time=TIMES), "drift")
    constrained = rows(width=WIDTHS, rate=["unit", "width"], time=TIMES)
    return {
        "depth_drift": runs.assign(drift=runs["drift"].where(runs["time"] > 0, 0.0)),
        "depth_widths": measured(rows(width=WIDTHS), "frozen_square", "drift", "drift_early", "drift_supervised"),
        "depth_constrained": measured(constrained, "gram_error", "feature_drift"),
    }


MADE_UP = {
    made.__name__: made
    for made in (
        dynamics,
        kernel,
        finite_steps,
        edge_of_stability,
        soft_constraint,
        norm_constraints,
        spectral_contrastive,
        widths,
        downstream,
        learning_times,
        stepwise,
        finite_sample,
        mini_batch,
        objectives,
        kernel_limit,
        drift,
        departure,
        constrained_nets,
        output_layer,
        depth,
    )
}


def drawn(figure, *folders):
    """The figure, of the made-up tables of these folders."""
    tables = {name: table for folder in folders for name, table in MADE_UP[folder]().items()}
    module, _, function = drawing_of(figure).partition(":")
    return getattr(import_module(module), function)(*(tables[name] for name in figure.tables))


def story():
    return drawn(STORY, "dynamics", "departure", "constrained_nets")


def test_story_has_a_panel_for_each_part(tmp_path):
    theme.apply()
    figure = story()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title[:2] for title in titles] == ["A.", "B.", "C.", "D."]
    assert all("a, z = 2" in title for title in titles)
    assert all(axes.lines and axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
    write_figure(figure, tmp_path / "1.svg")
    write_figure(story(), tmp_path / "2.svg")
    assert sha256(tmp_path / "1.svg") == sha256(tmp_path / "2.svg")
    assert flaws(figure) == []
    mpl.pyplot.close("all")


ALL = [(folder, figure.name) for folder, family in FAMILIES.items() for figure in family.figures]


@pytest.mark.parametrize(("folder", "name"), ALL)
def test_figure_has_a_labelled_panel_for_each_cell_and_stable_bytes(folder, name, tmp_path):
    theme.apply()
    for number in (1, 2):
        figure = drawn(FIGURES[name], folder)
        write_figure(figure, tmp_path / f"{number}.svg", tmp_path / f"{number}.png")
    dimensions = [2] if name == "rank" else [1, 2]
    rows = {each.get_text() for axes in figure.axes for each in axes.texts if each.get_rotation() == 270}
    titles = {axes.get_title() for axes in figure.axes} - {""}
    cells = {tuple(row.split("\n")) for row in rows}
    if name in TABLES:  # what columns have in common is their own
        losses = [()] if name == "kernel-drift" else [("contrastive",), ("non-\ncontrastive",)]
        expected = {(dataset, *loss, f"z = {z}") for dataset in "ab" for z in dimensions for loss in losses}
        assert cells == {tuple("\n".join(cell).split("\n")) for cell in expected}
        assert len(figure.axes) % len(cells) == 0
    else:
        assert cells == {("a",), ("b",)}
        assert {title.rpartition("\n")[2] for title in titles} == {f"z = {z}" for z in dimensions}
        assert len(figure.axes) == 2 * len(titles)
    assert all(axes.lines or axes.collections for axes in figure.axes)
    assert figure.get_supxlabel() or any(axes.get_xlabel() for axes in figure.axes)
    assert figure.get_supylabel() or any(axes.get_ylabel() for axes in figure.axes)
    fonts = re.findall(r"font(?:-family)?: ([^;\"]*)", (tmp_path / "1.svg").read_text(encoding="utf-8"))
    assert set(fonts) == {"'DejaVu Sans', 'Verdana', sans-serif"}  # and none of mathematics, which no browser knows
    for suffix in ("svg", "png"):
        assert sha256(tmp_path / f"1.{suffix}") == sha256(tmp_path / f"2.{suffix}")
    assert flaws(figure) == []
    mpl.pyplot.close("all")


def test_points_of_each_trained_penalty_have_a_line_of_their_colour():
    theme.apply()
    figure = drawn(FIGURES["soft-constraint"], "soft_constraint")
    for axes in figure.axes:
        lines, points = ([line for line in axes.lines if (line.get_marker() == ".") == dots] for dots in (False, True))
        colors = [line.get_color() for line in lines]
        assert len(set(colors)) == len(colors) == 5
        assert [colors.index(line.get_color()) for line in points] == [1, 3]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[1:4] == [r"$\beta=10^{-2}\,\|C\|$", r"$\beta=1\,\|C\|$", r"$\beta=3\,\|C\|$"]
    assert names[-2:] == ["theory", "training"]
    plt.close("all")


def test_shades_between_two_dynamics_are_neither_of_theirs_and_grow_brighter():
    shades = list(theme.shades(range(7), between=True).values())
    for color in theme.DYNAMICS_COLORS.values():
        assert min(np.linalg.norm(np.subtract(color, shade)) for shade in shades) > 0.35
    assert np.all(np.diff([theme.contrast(shade) for shade in shades]) < 0)


def test_theory_of_random_starts_is_drawn_between_the_checkpoints():
    theme.apply()
    figure = drawn(FIGURES["output-layer"], "output_layer")
    curves, trained = (
        [line for line in figure.axes[0].lines if line.get_linestyle() == style] for style in ("-", "None")
    )
    by_color = {line.get_color(): len(line.get_xdata()) for line in curves}
    assert [by_color[line.get_color()] for line in trained] == np.repeat([3, 9, 3, 3], len(WIDTHS)).tolist()
    assert all(len(line.get_xdata()) == 3 for line in trained)
    plt.close("all")


def test_nets_are_told_in_the_legend_by_the_marks_of_the_plot():
    theme.apply()
    figure = drawn(FIGURES["output-layer"], "output_layer")
    marks = {
        (line.get_color(), line.get_marker(), line.get_markerfacecolor())
        for line in figure.axes[0].lines
        if line.get_linestyle() == "None"
    }
    handles = figure.legends[0].legend_handles
    of_nets = [handle for handle in handles if handle.get_label().startswith(("linear", "ReLU", "erf"))]
    assert {(line.get_color(), line.get_marker(), line.get_markerfacecolor()) for line in of_nets} == marks
    assert len(marks) == 4
    (training,) = [handle for handle in handles if handle.get_label() == "training"]
    assert training.get_markerfacecolor() == "none"
    plt.close("all")


def test_what_is_left_of_strong_penalties_is_drawn_with_what_was_trained():
    """Largest over the times and mean over the seeds, of what has settled, extrapolated twice at the finest step."""
    theme.apply()
    figure = drawn(FIGURES["soft-strong"], "soft_constraint")
    made = MADE_UP["soft_constraint"]()
    label = r"relative $\beta\,\|X(WW^\top-\ldots)X^\top\|_F$"
    assert label in [figure.get_supylabel(), *(axes.get_ylabel() for axes in figure.axes)]
    cell = "dataset == 'a' and loss == 'contrastive' and dimension == 1"
    trained = made["soft_distance"].query(cell + " and settled and extrapolations == 2 and learning_rate == 0.01")
    closed = made["soft_strong"].query(cell)
    dots = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"]
    filled = [line for line in dots if line.get_markerfacecolor() != "none"]
    assert {line.get_marker() for line in filled} == {"o", "s"}
    for name, marker in (("from_projector", "o"), ("from_first", "s"), ("error", "^")):
        for lines, rows_of in ((filled, trained), ([line for line in dots if line not in filled], closed)):
            found = [line for line in lines if line.get_marker() == marker]
            if not found:
                assert (name, rows_of is trained) == ("error", True)
                continue
            expected = rows_of.groupby(["strength", "seed"])[name].max().groupby("strength").mean()
            np.testing.assert_allclose(found[0].get_ydata(), expected, rtol=1e-12)
            np.testing.assert_allclose(found[0].get_xdata(), expected.index, rtol=1e-12)
    plt.close("all")


def test_start_of_all_constraints_is_marked():
    theme.apply()
    table = MADE_UP["norm_constraints"]()["norm_ranks"]
    table.loc[table["time"] == 0, "excess"] = np.log(0.8)
    figure = norm_constraints_figure(table)
    for axes in figure.axes:
        (mark,) = [line for line in axes.lines if line.get_linestyle() == ":"]
        np.testing.assert_allclose(mark.get_ydata(), 1.8)
    assert "start, $t=0$" in [text.get_text() for text in figure.legends[0].get_texts()]
    plt.close("all")


def test_text_that_cannot_be_read_is_noticed():
    theme.apply()
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.set_xlim(0, 1)
    axes.set_xticks([0.5, 0.52], ["one tick", "another"])
    axes.text(0.2, 0.9, "small", size=theme.SMALL - 1)
    axes.text(0.2, 0.2, "pale", color=theme.TEAL)
    axes.text(0.2, 0.5, "faint", alpha=0.5)
    axes.text(0.9, 0.7, "a text that goes on and on")
    found = flaws(figure)
    plt.close()
    assert [flaw.partition(":")[0] for flaw in found] == [
        "6 points", "contrast 2.8", "contrast 15.1", "overprint", "beyond the edge",
    ]  # fmt: skip


def test_a_colour_means_one_thing_and_ink_can_be_read():
    fixed = [
        *theme.LOSS_COLORS.values(), *theme.DYNAMICS_COLORS.values(), *theme.ACTIVATION_COLORS.values(),
        theme.REGRESSION_COLOR, theme.LINEARISED_COLOR,
    ]  # fmt: skip
    assert len({*fixed, *theme.LOCAL}) == len(fixed) + len(theme.LOCAL)
    for color in (*fixed, *theme.LOCAL, theme.CONTROL):
        assert theme.contrast(theme.ink(color)) >= theme.CONTRAST
    assert theme.contrast("white") == 1
    assert theme.contrast("black") == pytest.approx(21)


def test_only_the_theme_names_colours():
    named = re.compile(r"""(?:color\w*|palette|cmap)\s*=\s*(?:f?["'](?!none)|\()|["']#[0-9a-f]{6}|color_palette""")
    sources = [*SOURCES.glob("experiments/*/figures.py"), SOURCES / "report/story.py", SOURCES / "figures/solution.py"]
    assert len(sources) > 15
    assert [path for path in sources if path.parent.name != "data" and named.search(path.read_text("utf-8"))] == []


def test_every_figure_is_of_one_group_and_has_its_tables():
    groups = figure_groups()
    assert sorted(figure.name for figures in groups.values() for figure in figures) == sorted(FIGURES)
    assert set(groups) == {"story", *(part.replace("-", "_") for part in PARTS)}
    assert set(MADE_UP) == {folder for folder, family in FAMILIES.items() if family.figures}
    for folder, made in MADE_UP.items():
        shown = set(chain(*(figure.tables for figure in FAMILIES[folder].figures)))
        assert shown == set(made())
        assert shown <= set(chain(*(experiment.tables for experiment in FAMILIES[folder].experiments)))
    assert set(STORY.tables) <= set(chain(*(experiment.tables for experiment in EXPERIMENTS.values())))


def test_caption_is_the_summary_of_the_function():
    assert caption(FIGURES["exactness"]) == exactness.__doc__.splitlines()[0]
    assert all(caption(figure).endswith((".", "seed")) for figure in FIGURES.values())


@pytest.mark.parametrize("image_shape", [(3, 4), None])
def test_triplets_are_drawn_as_images_or_profiles(image_shape):
    parts = {name: np.random.default_rng(0).uniform(size=(12, 12)) for name in ("anchor", "positive", "negative")}
    figure = triplets(parts, np.zeros(12), image_shape)
    assert len(figure.axes) == 30
    assert all(bool(axes.images) == (image_shape is not None) for axes in figure.axes)
    mpl.pyplot.close("all")


@pytest.mark.parametrize(
    ("base", "value", "label"),
    [
        (10, 1e-12, "10⁻¹²"), (10, 1e5, "10⁵"), (10, 1, "10⁰"), (2, 64, "2⁶"), (2, 2.0**40, "2⁴⁰"),
        (10, 0.02, "2×10⁻²"), (10, 6e3, "6×10³"),
    ],
)  # fmt: skip
def test_powers_on_logarithmic_axes_are_letters(base, value, label):
    theme.apply()
    _, axes = plt.subplots()
    axes.set_xscale("log", base=base)
    axes.set_xlim(value / base**0.1, value * base**0.1)
    axes.figure.canvas.draw()
    shown = {tick.get_position()[0]: tick.get_text() for tick in axes.get_xticklabels(which="both")}
    plt.close()
    assert shown[min(shown, key=lambda place: abs(place - value))] == label


@pytest.mark.parametrize("largest", [8, 40, 130, 400, 900])
def test_axis_of_widths_has_room_for_its_labels_at_any_width(largest):
    figure, axes = plt.subplots(figsize=(1.8, 1.5))
    axes.set_xscale("log", base=2)
    axes.plot([2.0**6, 2.0**largest], [0, 1])
    panels.tidied(figure)
    labelled = [tick for tick in axes.get_xticks() if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]]
    assert 1 <= len(labelled) <= 7
    plt.close(figure)
