"""The explorer: what the page is made of, and by its stage of the files of others."""

import json
import logging
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from ssl_dynamics.engine.artifacts import leave_open, write_arrays
from ssl_dynamics.engine.stage import Job, run
from ssl_dynamics.experiments.soft_constraint import design as soft
from ssl_dynamics.report import explorer
from ssl_dynamics.report.settings import ExplorerSettings
from ssl_dynamics.report.stages.explorer import explorer as explorer_stage
from ssl_dynamics.shared_files import Starts, Trajectories
from test_page import Elements

TOP = Path(__file__).parents[1]
PAGE = TOP / "workflow/page"
PATHS = {
    "template": "explorer.html.j2",
    "style": "explorer.css",
    "solver": "closed_forms.js",
    "script": "explorer.js",
}
FILES = {name: (PAGE / path).read_text(encoding="utf-8") for name, path in PATHS.items()}


def data_of(text):
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(found)


def made_up(d=6, z=2, losses=("contrastive",), labels=None, trained=None):
    random = np.random.default_rng(5)
    C = np.diag(np.linspace(-1, 0.3, d))
    start = np.linalg.qr(random.standard_normal((d, z)))[0]
    items = random.standard_normal((12, d))
    entry = explorer.data_of_loss(C, explorer.offered({z: start}), trained or {}, items)
    words = {"config_name": "tiny", "dataset": "made up", "items": 12, "d": d, "trained_dimensions": [z]}
    return explorer.render(FILES, dict.fromkeys(losses, entry), labels, **words)


def test_page_has_the_same_bytes_twice_and_needs_nothing_else():
    text = made_up()
    assert text == made_up()
    for tag, attributes in Elements(text).found:
        if tag in ("img", "script", "link", "iframe"):
            assert attributes.get("src", attributes.get("href", "data:")).startswith("data:")
        if tag == "a":
            assert attributes["href"] == "report.html"


def test_numbers_of_the_page_are_those_of_the_spectrum():
    data = data_of(made_up())
    loss = data["losses"]["contrastive"]
    decoded = np.frombuffer(b64decode(loss["starts"]["2"]["eigenvalues"]), "<f8")
    np.testing.assert_array_equal(decoded, np.linalg.eigvalsh(np.diag(np.linspace(-1, 0.3, 6))))
    assert loss["norm"] == 1.0
    assert loss["horizon"] == explorer.HORIZON
    assert data["classes"] == [None] * 12


def test_words_of_the_data_stay_words():
    text = made_up(losses=["</script><script>alert(1)</script>"])
    assert "<script>alert" not in text


def test_nothing_to_show_is_said():
    text = made_up(losses=())
    assert "has left every loss open" in text
    assert "<script" not in text
    assert "<main" not in text


def test_dimensions_up_to_eight_are_offered():
    starts = {z: np.eye(40)[:, :z] for z in (1, 16, 32)}
    assert {z: W.shape for z, W in explorer.offered(starts).items()} == {1: (40, 1), 8: (40, 8)}
    assert set(explorer.offered({8: np.eye(40)[:, :8], 16: np.eye(40)[:, :16]})) == {8}


def test_what_rounding_has_taken_is_no_dot():
    d = 400  # for which a numerical rank, d times the rounding, takes 3e−14 of a column for none
    weights = np.zeros((4, d, 2))
    weights[:, 0, 0] = weights[:, 2, 0] = 1
    weights[:, 1, 1] = [1e-3, 1e-10, 3e-14, 1e-15]
    shown = explorer.Trained("unconstrained", 0.02, np.arange(4.0), weights, flow=True)
    (found,) = data_of(made_up(d, trained={2: [shown]}))["losses"]["contrastive"]["trained"]
    assert [ratio is None for (ratio,) in found["ratios"]] == [False, False, False, True]
    assert [tangent is None for tangent in found["tangents"]] == [False, False, False, True]
    weights[1:3, 2, 0] = 1e-5  # angles that are lost in the rounding of the second direction
    (found,) = data_of(made_up(d, trained={2: [shown]}))["losses"]["contrastive"]["trained"]
    assert [tangent is None for tangent in found["tangents"]] == [False, True, True, True]


def test_sizes_that_were_trained_are_positions_of_the_sliders():
    shown = [
        explorer.Trained("constrained", 0.0123, np.array([0.0, 7.0]), np.stack([np.eye(6)[:, :2]] * 2), flow=True),
        explorer.Trained("soft", 0.001, np.array([0.0, 5.0]), np.stack([np.eye(6)[:, :2]] * 2), flow=True, beta=0.034),
    ]
    loss = data_of(made_up(trained={2: shown}))["losses"]["contrastive"]
    assert 0.0123 in loss["steps"]
    assert 0.034 in loss["penalties"]
    assert loss["horizon"] == 7.0
    assert loss["penalty"] == 0.034


RUN = ("unconstrained", "grassmannian", "soft_constraint")


def made_by_the_stage(folder, *, left_open=(), labels=True, configured=RUN):
    """The page that the stage makes of files as the other stages leave them; d = 6, z = 2."""
    random = np.random.default_rng(2)
    start, times = np.linalg.qr(random.standard_normal((3, 6, 2)))[0], np.arange(4)
    starts = Starts(start, np.array([0.01, 0.02]), times, 3)
    weights = {name: np.stack([start] * count, axis=1) for name, count in (("0", 3), ("1", 3), ("late", 1))}
    nothing = {name: np.zeros((3, 1)) for name in weights}
    penalised = np.stack([np.stack([start] * 4, axis=1)] * 2)
    files = {
        "forms": {"C": np.diag(np.linspace(-2, 1, 6))},
        "unconstrained_schedules": starts.to_arrays(),
        "unconstrained_trajectories": Trajectories(weights, nothing, nothing, nothing).to_arrays(),
        "soft_constraint_schedules": soft.Design(
            start, np.array([0.02, 2.0]), 2.0, np.array([0.01]), times, 8.0, np.array([7.0]), 0.1, 1, 1.0
        ).to_arrays(),
        "soft_constraint_trajectories": soft.Trajectories({0: penalised}, penalised[:1, :, 0]).to_arrays(),
    }
    files |= {name.replace("unconstrained", "grassmannian"): of for name, of in files.items() if name[0] == "u"}
    items = {"test": random.standard_normal((500, 6)), "test_labels": np.arange(500) % 3}
    anchors = dict.fromkeys(("anchor", "positive", "negative"), random.standard_normal((40, 6)))
    files |= {"labelled": items} if labels else {"triplets": anchors}
    inputs = {name: [folder / f"{name}.npz"] for name in files}
    for name, arrays in files.items():
        write_arrays(inputs[name][0], arrays)
    for name in left_open:
        leave_open(inputs[name][0], "why", {})
    inputs |= {name: [PAGE / path] for name, path in PATHS.items()}
    cells = {name: [("contrastive", 2)] if name in configured else [] for name in RUN}
    # Nothing is handed over of what a configuration does not run.
    inputs = {name: of for name, of in inputs.items() if name.rpartition("_")[0] not in set(RUN) - set(configured)}
    settings = ExplorerSettings(config_name="tiny", dataset="mixture", losses=["contrastive"], cells=cells)
    page = folder / "explorer.html"
    run(explorer_stage, Job(settings, inputs, {"page": [page]}, logging.getLogger("test"), "explorer"))
    return page.read_text(encoding="utf-8")


def test_stage_shows_what_was_trained_from_the_first_start(tmp_path):
    text = made_by_the_stage(tmp_path)
    assert text == made_by_the_stage(tmp_path)
    assert str(tmp_path) not in text
    data = data_of(text)
    assert set(data["classes"]) == {0, 1, 2}
    loss = data["losses"]["contrastive"]
    sets = [(each["dynamics"], each["eta"], each["beta"], each["flow"], each["late"]) for each in loss["trained"]]
    single = [(0.02, None, True, False), (0.04, None, False, False), (0.04, None, True, True)]
    assert sets == [
        *(("unconstrained", *each) for each in single),
        *(("constrained", *each) for each in single),
        ("soft", 0.02, 0.01, True, False),
        ("soft", 0.02, 1.0, True, False),
    ]
    assert [each["times"] for each in loss["trained"][:3]] == [[0.0, 0.04, 0.08], [0.0, 0.04, 0.08], [0.12]]
    assert loss["penalty"] == 0.01


def test_items_without_classes_are_anchors(tmp_path):
    text = made_by_the_stage(tmp_path, labels=False)
    assert data_of(text)["classes"] == [None] * 40
    assert "40 training items" in text
    assert "Highlighted class" not in text


def test_a_cell_that_a_draw_has_left_open_is_not_shown(tmp_path):
    loss = data_of(made_by_the_stage(tmp_path, left_open=["unconstrained_trajectories"]))["losses"]["contrastive"]
    assert {each["dynamics"] for each in loss["trained"]} == {"constrained", "soft"}
    every = [f"{name}_schedules" for name in ("unconstrained", "grassmannian", "soft_constraint")]
    assert "has left every loss open" in made_by_the_stage(tmp_path, left_open=every)


@pytest.mark.parametrize("configured", [RUN[:2], RUN[:1], RUN[2:]])
def test_a_configuration_need_not_run_all_that_can_be_shown(tmp_path, configured):
    loss = data_of(made_by_the_stage(tmp_path, configured=configured))["losses"]["contrastive"]
    names = {"unconstrained": "unconstrained", "grassmannian": "constrained", "soft_constraint": "soft"}
    assert {each["dynamics"] for each in loss["trained"]} == {names[name] for name in configured}
