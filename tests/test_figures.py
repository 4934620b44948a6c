import itertools
from importlib import import_module
from itertools import chain

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from ssl_dynamics.figures import theme
from ssl_dynamics.experiments.dynamics.figures import exactness
from ssl_dynamics.experiments.data.figures import triplets
from ssl_dynamics.engine.artifacts import sha256, write_figure
from ssl_dynamics.report.captions import caption
from ssl_dynamics.pipeline.tables import FIGURE_FUNCTIONS, FIGURE_TABLES, TABLES

mpl.use("Agg")


def table():
    """Every column that any table has; two data sets, two losses, two dimensions, two seeds."""
    rates, times = [0.01, 0.02], [0.0, 1.0, 2.0]
    axes = [["a", "b"], ["contrastive", "non-contrastive"], [1, 2], rates, [0, 1, 2], [0, 1], times]
    names = ["dataset", "loss", "dimension", "learning_rate", "extrapolations", "seed", "time"]
    frame = pd.DataFrame(list(itertools.product(*axes)), columns=names)
    frame["dynamics"] = np.where(frame["seed"] == 0, "grassmannian", "unconstrained")
    frame["gap_time"] = frame["progress"] = frame["time"]
    frame["kernel"], frame["supervised"] = "linear", frame["seed"] == 0
    decay = np.exp(-frame["time"]) * frame["learning_rate"]
    for column in ("error", "error_control", "defect", "defect_euclidean", "tangent", "bound", "effective_rank"):
        frame[column] = 1 + decay
    for column in ("distance", "distance_control", "drift"):
        frame[column] = 1 + decay
    frame["retraction"], frame["method"], frame["side"] = "polar", "riemannian", frame["seed"]
    frame["objective"], frame["temperature"] = "vicreg", 1 + frame["time"]
    for column in ("mean_square_sine", "sine", "sine_own_negatives", "distance", "distance_control"):
        frame[column] = 1 / frame["temperature"]
    frame["predicted"] = frame["log_ratio"] = frame["log_ratio_decay"] = 1 + decay
    frame["metric"] = frame["seed"].map({0: "grassmann", 1: "stiefel"})
    frame["width"], frame["ratio"] = 2 + frame["time"], 1 + frame["time"]
    for column in ("speed", "guide", "singular_value", "singular_value_late"):
        frame[column] = 1 + decay
    frame["probe"] = np.where(frame["extrapolations"] == 0, "ridge", "nearest-mean")
    for column in ("trained", "measured", "predicted_control", "sine", "sine_control", "deviation", "deviation_full"):
        frame[column] = 1 + decay
    for column in ("constrained", "collapsed", "span", "pca", "items"):
        frame[column] = decay
    frame["direction"] = frame["seed"] + 1
    frame["step"], frame["batch"] = frame["learning_rate"], 16 * 2 ** frame["extrapolations"]
    frame["inverse_size"] = 1 / (1 + frame["time"])
    frame["model"], frame["moment"] = frame["seed"].map({0: "equations", 1: "nets"}), "fixed"
    for column in ("departure", "law", "remaining", "law_remaining"):
        frame[column] = 1 + decay
    frame["activation"], frame["departure_time"], frame["amplitude"] = "relu", 1.0, 1.0
    frame["growth_rate"], frame["since_departure"], frame["predicted_delay"] = 1.0, frame["time"], 0.6
    frame["value"] = -1 - frame["time"]
    frame["activation"] = np.where(frame["seed"] == 0, "relu", "erf")
    frame["block"] = np.where(frame["seed"] == 0, "all", "first")
    frame["limit"] = np.where(frame["time"] == 0, "complete", "without the first layer")
    frame["rate"] = np.where(frame["seed"] == 0, "unit", "width")
    for column in ("drift_early", "drift_supervised", "frozen_square", "gram_error", "feature_drift"):
        frame[column] = 1 + decay
    return frame


def constrained_table(frame):
    """Nets of two widths with all that the figures tell apart, at the times that they read."""
    axes = itertools.product(["relu", "erf"], ["self-supervised", "regression"], ["unit", "sqrt(h)", "h"], [64, 128])
    first = frame[(frame["learning_rate"] == 0.01) & (frame["extrapolations"] == 0)]
    nets = [
        first.assign(activation=activation, objective=objective, rate=rate, width=width, time=4 * first["time"])
        for activation, objective, rate, width in axes
    ]
    columns = ["flow_error", "linearised_error", "feature_drift", "tangent_drift", "limit", "mismatch_limit"]
    return pd.concat(nets).assign(**dict.fromkeys(columns, 0.5))


def table_of(name):
    """The table, with the objectives that a figure knows, or once for each width."""
    frame = table()
    if name == "kernel-rank":
        frame["objective"] = np.where(frame["supervised"], "regression", "self-supervised")
    if name == "departure-slope":
        frame = frame.drop_duplicates(["dataset", "loss", "dimension", "seed", "width"])
    if name.startswith("constrained"):
        frame = constrained_table(frame)
    if name in ("kernel-drift", "departure-times", "after-departure"):
        frame["objective"] = "dot-product"
    if name == "depth-drift":
        frame["objective"] = np.where(frame["supervised"], "regression", "dot-product")
    return frame


def drawn(name):
    module, _, function = FIGURE_FUNCTIONS[name].partition(":")
    tables = [table_of(name if len(FIGURE_TABLES[name]) == 1 else table) for table in FIGURE_TABLES[name]]
    return getattr(import_module(f"ssl_dynamics.figures.{module}"), function)(*tables)


def test_story_has_a_panel_for_each_part(tmp_path):
    theme.apply()
    figure = drawn("story")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title[:2] for title in titles] == ["A.", "B.", "C.", "D."]
    assert all("a, z = 2" in title for title in titles)
    assert all(axes.lines and axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
    write_figure(figure, tmp_path / "1.svg")
    write_figure(drawn("story"), tmp_path / "2.svg")
    assert sha256(tmp_path / "1.svg") == sha256(tmp_path / "2.svg")
    mpl.pyplot.close("all")


@pytest.mark.parametrize("name", [name for name, tables in FIGURE_TABLES.items() if len(tables) == 1])
def test_figure_has_a_labelled_panel_for_each_data_set_and_dimension_and_stable_bytes(name, tmp_path):
    theme.apply()
    for number in (1, 2):
        figure = drawn(name)
        write_figure(figure, tmp_path / f"{number}.svg", tmp_path / f"{number}.png")
    dimensions = [2] if name == "rank" else [1, 2]
    cells = [f"{dataset}{{}}, z = {z}" for dataset in "ab" for z in dimensions]
    if name.startswith("constrained"):  # a row of panels for each loss as well, with its title at the end
        titles = [axes.texts[-1].get_text() for axes in figure.axes[2::3]]
        cells = [cell.replace(", ", "\n") for cell in cells]
        assert titles == [cell.format(f"\n{loss}") for cell in cells for loss in ("contrastive", "non-contrastive")]
    else:
        assert {axes.get_title() for axes in figure.axes} == {cell.format("") for cell in cells}
    assert all(axes.lines or axes.collections for axes in figure.axes)
    assert any(axes.get_xlabel() for axes in figure.axes)
    assert any(axes.get_ylabel() for axes in figure.axes)
    for suffix in ("svg", "png"):
        assert sha256(tmp_path / f"1.{suffix}") == sha256(tmp_path / f"2.{suffix}")
    mpl.pyplot.close("all")


def test_every_figure_has_its_table():
    assert set(FIGURE_FUNCTIONS) == set(FIGURE_TABLES)
    assert set(chain(*FIGURE_TABLES.values())) <= set(chain(*TABLES.values()))


def test_caption_is_the_summary_of_the_function():
    assert caption("exactness") == exactness.__doc__.splitlines()[0]
    assert all(caption(name).endswith((".", "seed")) for name in FIGURE_FUNCTIONS)


@pytest.mark.parametrize("image_shape", [(3, 4), None])
def test_triplets_are_drawn_as_images_or_profiles(image_shape):
    parts = {name: np.random.default_rng(0).uniform(size=(12, 12)) for name in ("anchor", "positive", "negative")}
    figure = triplets(parts, np.zeros(12), image_shape)
    assert len(figure.axes) == 30
    assert all(bool(axes.images) == (image_shape is not None) for axes in figure.axes)
    mpl.pyplot.close("all")
