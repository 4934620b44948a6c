"""No draw stops a run: where its spectrum leaves nothing to say, cells are open with their reason."""

import gzip
import itertools
import json
import logging
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from problems import symmetric
from ssl_dynamics import catalogue
from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.claims.measures.orders import orders
from ssl_dynamics.claims.verdict import judge_claim
from ssl_dynamics.config import parse_config
from ssl_dynamics.config_file import load_config
from ssl_dynamics.description import cell
from ssl_dynamics.engine.artifacts import leave_open, read_arrays, read_tables, write_arrays, write_table
from ssl_dynamics.engine.exit_codes import DISAGREES
from ssl_dynamics.engine.stage import Job, run, stage_named
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.figures.left_open import NOT_FINITE, drawn, left_open, sentences
from ssl_dynamics.preflight import check_data
from ssl_dynamics.problem.schedule import make_schedule, transient_schedule
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.configured import verdicts_settings
from ssl_dynamics.report.display import numbers
from ssl_dynamics.report.stages.claims import claims
from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained
from ssl_dynamics.unsettled import REASON, Unsettled
from trees import TOP, call, copy_of_the_tree

D, Z = 5, 2
CELL = {"dataset": "mixture", "loss": "contrastive", "dimension": str(Z)}
FREE = Unconstrained(finest_step=0.02, levels=3, checkpoints=8, max_steps=500)
CONSTRAINED = Grassmannian(
    finest_step=0.02, levels=5, checkpoints=6, max_steps=800, transient=4, convergence=8, late_checkpoints=4
)
SPECTRA = {
    "zero": [0.0] * D,
    "all equal": [-1.0] * D,
    "rank one": [-1.0, 0, 0, 0, 0],
    "twofold": [-2.0, -2, -1, 0.5, 1],
    "(z + 1)-fold": [-3.0, -1, -1, -1, 0.5],
    "nearly twofold": [-2.0, -2 + 1e-9, -1, 0.5, 1],
    "λ_z nearly λ_{z+1}": [-3.0, -1, -1 + 1e-9, 0.5, 1],
    "positive": [0.5, 1.0, 2, 3, 4],
    "negative": [-5.0, -4, -3, -2, -1],
    "one negative": [-1e-6, 1, 2, 3, 4],
    "huge gap": [-1e9, -2, -1, 0.5, 1],
    "tiny": [-2e-12, -1e-12, -5e-13, 1e-13, 1e-12],
}


def spectra():
    """Ascending eigenvalues with ties, near ties, gaps of many decades, and of one sign."""
    level = st.sampled_from([-1e6, -3.0, -1.0, -1.0 + 1e-9, -1e-6, 0.0, 1e-9, 0.5, 2.0])
    shift = st.sampled_from([0.0, -4.0, 4.0])
    lists = st.lists(level, min_size=D, max_size=D).map(sorted)
    return st.tuples(lists, shift).map(lambda drawn: [value + drawn[1] for value in drawn[0]])


def triplets_with(eigenvalues, n=20):
    """Triplets of which C, contrastive, has these eigenvalues: anchors √n Q, QᵀQ = I, and x⁻ − x⁺ = Cx."""
    random = np.random.default_rng(1)
    C = symmetric(np.array(eigenvalues, dtype=np.float64), random)
    anchor = np.linalg.qr(random.standard_normal((n, D)))[0] * np.sqrt(n)
    return {"anchor": anchor, "positive": -anchor @ C / 2, "negative": anchor @ C / 2}


@pytest.fixture(scope="module")
def config():
    """Every experiment, smaller than tiny-all."""
    values = yaml.safe_load((TOP / "tests/config/tiny-all.yaml").read_text(encoding="utf-8"))
    values |= {"seeds": 2, "dimensions": [Z]}
    values["datasets"]["mixture"] |= {"dimension": D, "triplets": 20}
    values["unconstrained"] = FREE.model_dump(exclude={"kind"})
    values["grassmannian"] = CONSTRAINED.model_dump(exclude={"kind"})
    values["kernel"] |= {"triplets": 6, "training": FREE.model_dump(exclude={"kind"}), "regression_end": 50}
    for name in ("narrow", "wide"):
        values[name] |= {"dimensions": [Z], "transient": 0.5, "finest_step": 0.02, "checkpoints": 4}
    values["wide"] |= {"ratios": [1, 2], "draws": 2}
    values["norm_constraints"] |= {"dimensions": [Z], "max_steps": 100}
    values["edge_of_stability"] |= {"dimensions": [Z], "triplets": 20, "most_steps": 100}
    values["soft_constraint"] |= {"dimensions": [Z], "transient": 0.5, "limit_steps": 100}
    values["spectral_contrastive"] |= {"triplets": 20, "transient": 0.5}
    values["learning_times"] |= {"dimensions": [Z], "max_steps": 50, "checkpoints": 10}
    values["stepwise"] |= {"dimensions": [Z], "max_steps": 100, "checkpoints": 10}
    values["mini_batch"] |= {"horizon": 0.5, "checkpoints": 4, "starts": 2}
    values["objectives"] |= {"triplets": 20}
    values["points"] |= {"triplets": 6}
    values["departure"] |= {"log2_widths": [5, 18], "log2_trained": [5], "finest_step": 0.025}
    values["constrained_nets"] |= {"triplets": 6, "widths": [16, 32], "side_width": 16, "starts": 2}
    values["output_layer"] |= {"triplets": 6, "widths": [8, 12], "starts": 2}
    values["drift"] |= {"widths": [16, 32, 64], "seeds": 2, "activations": ["identity", "relu"]}
    values["drift"]["cosine"]["triplets"] = 4
    values["depth"] |= {"widths": [8, 12, 16], "constrained_widths": [8, 12, 16]}
    return parse_config(values, "test")


def stage(folder, config, rule, **wildcards):
    """Run the stage of a rule in the one cell below `folder`; whether it left its files open."""
    where, found = next((where, each) for where, each in catalogue.stages() if each.rule == rule)
    cell = CELL | wildcards
    files = {name: files_of(folder, config, path, cell) for name, path in found.reads.items()}
    made = {name: files_of(folder, config, path, cell) for name, path in found.writes.items()}
    function, of = stage_named(catalogue.function_of(where, found))
    given = of.model_validate_json(config.settings_of(found, cell).model_dump_json())
    run(function, Job(given, files, made, logging.getLogger("test"), rule))
    (first, *_) = (path for paths in made.values() for path in paths)
    if first.suffix == ".csv":
        return not read_tables([first])[1].empty
    with np.load(first) as stored:
        return REASON in stored.files


def files_of(folder, config, path, cell):
    """The files of a path in the cell: those of all parts, where it is of one of many and the cell of none."""
    if "{part}" in path and "part" not in cell:
        parts = config.parts(catalogue.maker_of(path), cell)
        return [folder / path.format(**cell, part=part) for part in parts]
    return [folder / path.format(**cell)]


def own_wildcards(found):
    """The values of its family's wildcards with which a stage runs in a cell."""
    paths = " ".join([*found.reads.values(), *found.writes.values()])
    levels = {name: pattern.split("|") for name, pattern in catalogue.wildcards().items() if f"{{{name}}}" in paths}
    return [dict(zip(levels, values, strict=True)) for values in itertools.product(*levels.values())]


def filled(path, names):
    """A path with these values of wildcards."""
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def without_training():
    """(rule, wildcards) of what follows from the triplets alone, in the order in which they read each other's files."""
    known = {"{dataset}/triplets.npz"}
    for where, found in catalogue.stages():
        if ".simulate:" in catalogue.function_of(where, found) or not found.reads:
            continue
        for names in own_wildcards(found):
            if {filled(path, names) for path in found.reads.values()} <= known:
                known |= {filled(path, names) for path in found.writes.values()}
                yield found.rule, names


WITHOUT_TRAINING = list(without_training())


def test_stages_that_do_not_train_are_all_but_those_that_draw_data_and_those_that_read_what_is_trained():
    others = {found.rule for _, found in catalogue.stages()} - {rule for rule, _ in WITHOUT_TRAINING}
    assert {rule for rule in others if not rule.startswith(("simulate_", "compare_"))} == {
        *("triplets", "labelled", "sample_spans"),  # of a data set
        "simulate",
        "objectives_table",  # of tables
    }
    assert {("design_widths", "wide"), ("solve", "grassmannian"), ("solve_supervised",), ("solve_kernel_limit",)} <= {
        (rule, *names.values()) for rule, names in WITHOUT_TRAINING
    }


@given(spectra())
@example(SPECTRA["zero"])
@example(SPECTRA["all equal"])
def test_horizons_follow_from_any_spectrum_within_the_budget(eigenvalues):
    spectrum = np.array(eigenvalues)
    at_rest = np.ptp(spectrum) <= 1e-12 * np.abs(spectrum).max()
    for make in (
        lambda: make_schedule(spectrum, Z, FREE),
        lambda: make_schedule(spectrum, Z, CONSTRAINED),
        lambda: transient_schedule(spectrum, CONSTRAINED),
    ):
        if at_rest:
            with pytest.raises(Unsettled, match=r"C is zero|every span is at rest"):
                make()
        else:
            schedule = make()
            assert np.isfinite(schedule.times).all()
            assert (np.diff(schedule.coarse_steps) > 0).all()
            assert schedule.total_steps <= 800


def stages_on(folder, config, eigenvalues):
    """Which stages left their files open on triplets with this spectrum."""
    shutil.rmtree(folder, ignore_errors=True)
    write_arrays(folder / "mixture/triplets.npz", triplets_with(eigenvalues))
    return {(rule, *names.values()): stage(folder, config, rule, **names) for rule, names in WITHOUT_TRAINING}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.slow
@pytest.mark.parametrize("name", SPECTRA)
def test_every_stage_ends_on_spectra_of_every_kind(tmp_path, config, name):
    found = stages_on(tmp_path / "cell", config, SPECTRA[name])
    at_rest = name in ("zero", "all equal")
    assert found["design_dynamics", "grassmannian"] == at_rest
    assert found["solve", "grassmannian"] == at_rest  # what reads open files is left open
    assert found["design_finite_steps",] == at_rest
    assert found["design_edge_of_stability",] == at_rest
    assert not found["quadratic_form",]
    if name in ("(z + 1)-fold", "λ_z nearly λ_{z+1}", "negative", "huge gap"):
        assert not found["design_mini_batch",]
        assert not found["solve_departure",]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(eigenvalues=spectra())
def test_every_stage_ends_on_any_spectrum(tmp_path, config, eigenvalues):
    stages_on(tmp_path / "cell", config, eigenvalues)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["(z + 1)-fold", "tiny"])
def test_training_tables_and_verdicts_of_every_experiment_end_on_a_degenerate_spectrum(tmp_path, config, name):
    write_arrays(tmp_path / "mixture/triplets.npz", triplets_with(SPECTRA[name]))
    for _, found in catalogue.stages():
        if found.rule == "triplets" or found.collects:
            continue
        parts = config.parts(found, CELL) if found.parts else [None]
        for names, part in itertools.product(own_wildcards(found), parts):
            stage(tmp_path, config, found.rule, **names, **({} if part is None else {"part": str(part)}))
    tables = {}
    for experiment, own in catalogue.TABLES.items():
        assert config.cells(experiment) == [("mixture", "contrastive", Z)]
        for table in own:
            tables.setdefault(table, []).append(tmp_path / f"{cell(experiment)}/{table}.csv".format(**CELL))
    made = {each: [tmp_path / f"{each}.json"] for each in ("claims", "findings")}
    claims(Job(verdicts_settings(config), tables, made, logging.getLogger("test"), "claims"))
    records = json.loads(made["claims"][0].read_text(encoding="utf-8"))
    assert [record["id"] for record in records] == [claim.id for claim in CLAIMS]
    assert all(record["reason"] for record in records if record["verdict"] == "open")
    assert "pass" in {record["verdict"] for record in records}


def open_job(folder, stage_function):
    labels = CompareSettings(dataset_name="mixture", loss="contrastive", dimension=2)
    outputs = {"solution": [folder / "solution.npz"], "errors": [folder / "errors.csv"]}
    run(stage_function, Job(labels, {}, outputs, logging.getLogger("test"), "test"))
    return outputs


def nothing_to_say(_):
    raise Unsettled("λ_3 = λ_2")


def test_what_a_draw_leaves_open_says_why_to_whoever_reads_it(tmp_path):
    outputs = open_job(tmp_path, nothing_to_say)
    with pytest.raises(Unsettled, match="λ_3 = λ_2"):
        read_arrays(outputs["solution"][0])
    rows, reasons = read_tables(outputs["errors"])
    assert rows.empty
    assert reasons.to_dict("records") == [
        {"dataset": "mixture", "loss": "contrastive", "dimension": 2, REASON: "λ_3 = λ_2"}
    ]
    assert sentences(reasons) == ["mixture/contrastive/2: λ_3 = λ_2"]
    assert "λ_3 = λ_2" in left_open(reasons).axes[0].texts[0].get_text()
    assert "Left open by this draw" in numbers(None, [str(path) for path in outputs["errors"]], caption="").data
    with pytest.raises(ValueError, match="cannot be left open: because"):
        leave_open(tmp_path / "claims.json", "because", {})


def test_figures_leave_out_cells_without_a_finite_number_where_they_cannot_be_drawn_with_them():
    table = pd.DataFrame(
        {"dataset": ["a", "a", "b", "b"], "loss": "contrastive", "dimension": 2, "value": [1.0, np.nan, np.inf, np.nan]}
    )

    def draw(rows):
        if set(rows["dataset"]) != {"a"}:
            raise ValueError("Data cannot be log-scaled because all values are <= 0.")
        figure = plt.figure()
        figure.suptitle("of a")
        return figure

    assert drawn(draw, [table])._suptitle.get_text() == "of a"
    said = drawn(draw, [table[table["dataset"] == "b"]]).axes[0].texts[0].get_text()
    assert said == f"Left open by this draw\nb/contrastive/2: {NOT_FINITE}"
    with pytest.raises(ValueError, match="log-scaled"):  # all is finite: an error of the figure
        drawn(draw, [table.assign(value=1.0)])
    plt.close("all")


def test_errors_that_are_no_draws_are_errors(tmp_path):
    def wrong(_):
        raise ValueError("a file is missing")

    with pytest.raises(ValueError, match="a file is missing"):
        open_job(tmp_path, wrong)
    assert not list(tmp_path.iterdir())


def test_a_cell_that_is_left_open_opens_its_claims_and_no_other(tmp_path):
    (claim,) = (claim for claim in CLAIMS if claim.id == "A3-integration")
    keys = [("mixture", "contrastive", 2), ("digits", "contrastive", 2)]
    rows = {"dataset": "digits", "loss": "contrastive", "dimension": 2, "seed": [0, 1], "distance": 1e-12}
    write_table(tmp_path / "told.csv", pd.DataFrame(rows | {"distance_slow": 1.0, "distance_fast": 1.0}))
    leave_open(tmp_path / "open.csv", "why", {"dataset": "mixture", "loss": "contrastive", "dimension": 2})
    table, reasons = read_tables([tmp_path / "told.csv", tmp_path / "open.csv"])
    assert table["seed"].dtype == int  # no row of the other table is among them
    cells = judge_claim(
        claim,
        {claim.own_table: table},
        {claim.experiment: keys},
        2,
        {claim.own_table: {keys[0]: reasons[REASON].item()}},
    )
    assert [(cell.verdict, cell.claim.reason) for cell in cells] == [("open", "why"), ("pass", "")]


def test_orders_of_what_is_not_positive_are_unknown_and_one_number_has_none():
    table = pd.DataFrame([[1.0, 2, 4], [1, 0, 4], [1, np.nan, 4], [1, 4, 16]], columns=[1.0, 2, 4])
    np.testing.assert_allclose(orders(table), [1, np.nan, np.nan, 2], rtol=1e-12)
    with pytest.raises(Unsettled, match="there are 1"):
        orders(table[[1.0]])


def own_data(tmp_path, **arrays):
    np.savez(tmp_path / "own.npz", **arrays)
    values = yaml.safe_load((TOP / "tests/config/smallest.yaml").read_text(encoding="utf-8"))
    own = {"source": "npz", "path": str(tmp_path / "own.npz"), "triplets": 8}
    noise = {"kind": "noise", "standard_deviation": 0.1}
    return values | {"datasets": {"own": own | {"augmentations": [noise]}}}


@pytest.mark.parametrize(
    ("arrays", "change", "message"),
    [
        ({"train": np.ones((9, 4))}, {}, "1 distinct items, of 9; expected more than z = 2"),
        ({"train": np.repeat(np.eye(4)[:2], 5, axis=0)}, {}, "2 distinct items, of 10; expected more than z = 2"),
        ({"train": np.kron([[1], [-1], [1]], [0.0, -1, 1, 2])}, {}, "2 distinct items, of 3; expected more than z = 2"),
        ({"train": 1 + 1e-15 * np.eye(6)}, {}, "1 distinct items, of 6; expected more than z = 2"),
        ({"train": np.kron([[1e6], [3e6]], 1 + 1e-14 * np.eye(6))}, {}, "2 distinct items, of 12; expected more"),
        ({"train": np.eye(4)[:1]}, {}, "expected at least 2 items"),
        ({"train": 1e160 * np.eye(4)}, {}, r"own: values reach 1e\+160 in size; expected between 1e-70 and 1e\+70"),
        ({"train": np.eye(4)[:, :2]}, {}, "items of dimension 2; expected more than z = 2"),
        ({"train": np.eye(9)}, {"dimensions": [8, 2], "triplets": 5}, "5 triplets; expected at least z = 8"),
        (
            {"train": np.eye(4), "train_labels": np.ones(4, int), "test": np.eye(4), "test_labels": np.ones(4, int)},
            {"downstream": {"losses": ["contrastive"], "penalty": 0.01}},
            "1 classes of train items and 4 test items; probes need at least 2 and 1",
        ),
        (
            {"train": np.eye(4), "train_labels": np.arange(4), "test": np.eye(4)[:0], "test_labels": np.zeros(0, int)},
            {"downstream": {"losses": ["contrastive"], "penalty": 0.01}},
            "4 classes of train items and 0 test items; probes need at least 2 and 1",
        ),
        ({"train": np.eye(4)}, {"transient": 1e4}, "the transient takes .* steps at 5 step sizes"),
    ],
)
def test_data_of_ones_own_that_cannot_do_are_refused_in_a_line_before_any_job(tmp_path, arrays, change, message):
    values = own_data(tmp_path, **arrays)
    values["datasets"]["own"]["triplets"] = change.pop("triplets", 8)
    values["grassmannian"] |= {"transient": change.pop("transient", 8)}
    with pytest.raises(ConfigError, match=message) as caught:
        check_data(parse_config(values | change, "here"), "here")
    assert "\n" not in str(caught.value)


def idx(path, array, *, compressed=False):
    kinds = {"uint8": 0x08, "int32": 0x0C}
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    content = bytes([0, 0, kinds[array.dtype.name], array.ndim]) + sizes
    content += array.astype(array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(content) if compressed else content)
    return str(path)


@pytest.mark.parametrize(
    ("labels", "tested", "message"),
    [
        (np.full(9, 3), 9, "1 classes of train items and 9 test items"),
        (np.arange(9), 0, "9 classes of train items and 0 test items"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_idx_data_that_probes_cannot_use_are_refused_before_any_job(tmp_path, labels, tested, message, compressed):
    images = np.random.default_rng(0).integers(0, 255, (9, 3, 4), dtype=np.uint8)
    parts = {
        "images": images,
        "labels": labels.astype(np.int32),
        "test_images": images[:tested],
        "test_labels": labels[:tested].astype(np.int32),
    }
    files = {name: idx(tmp_path / name, array, compressed=compressed) for name, array in parts.items()}
    own = {"source": "idx", "triplets": 8, "augmentations": [{"kind": "shift", "pixels": 1}], **files}
    values = own_data(tmp_path) | {"datasets": {"own": own}}
    check_data(parse_config(values, "here"), "here")
    probes = {"downstream": {"losses": ["contrastive"], "penalty": 0.01}}
    with pytest.raises(ConfigError, match=f"^here: datasets.own: {message}; probes need at least 2 and 1"):
        check_data(parse_config(values | probes, "here"), "here")


def test_mixture_of_one_class_is_refused_where_probes_are_asked_for(tmp_path):
    values = own_data(tmp_path)
    one = {"source": "gaussian-mixture", "dimension": 5, "components": 1, "separation": 1.0, "decay": 0.5}
    values["datasets"] = {"own": one | {"items": 9, "test_items": 4, "triplets": 8, "augmentations": []}}
    check_data(parse_config(values, "here"), "here")
    values["downstream"] = {"losses": ["contrastive"], "penalty": 0.01}
    with pytest.raises(ConfigError, match="1 classes of train items and 4 test items"):
        check_data(parse_config(values, "here"), "here")


def test_items_of_a_dimension_whose_forms_no_memory_holds_are_refused(tmp_path):
    items = np.zeros((3, 2_000_000), np.uint8)
    items[[0, 1, 2], [0, 1, 2]] = 1
    with pytest.raises(ConfigError, match=r"quadratic forms of dimension 2000000 take \d+ GiB of memory"):
        check_data(parse_config(own_data(tmp_path, train=items), "here"), "here")


@pytest.mark.parametrize("items", [np.eye(6)[:3], np.pad(np.eye(3), ((0, 0), (0, 4)))], ids=["n < d", "constant"])
def test_few_items_and_constant_features_are_data_like_others(tmp_path, items):
    check_data(parse_config(own_data(tmp_path, train=items), "here"), "here")


@pytest.mark.slow
def test_data_whose_form_is_degenerate_run_to_the_page_and_the_paper(tmp_path):
    tree = copy_of_the_tree(tmp_path / "tree")
    # All directions alike: of the non-contrastive C, over whole orders of the items, all eigenvalues are nearly equal.
    values = own_data(tmp_path, train=np.concatenate([np.eye(5), -np.eye(5)]))
    noise = {"kind": "noise", "standard_deviation": 1e-9}
    values["datasets"]["own"] |= {"triplets": 20, "augmentations": [noise]}
    values |= {"name": "degenerate", "losses": ["non-contrastive"], "seeds": 2}
    values["unconstrained"]["max_steps"] = 700
    values["grassmannian"]["max_steps"] = 2000
    path = tree / "config/degenerate.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    load_config(path)
    result = call(tree, "run", "config/degenerate.yaml", "--cores", "2")
    assert result.returncode in (0, DISAGREES), result.stdout + result.stderr
    results = tree / "results/degenerate"
    records = json.loads((results / "claims.json").read_text(encoding="utf-8"))
    undecided = [record for record in records if record["verdict"] == "open"]
    assert undecided
    assert all(record["reason"] for record in undecided)
    assert all(f"{record['id']} (open)" in result.stderr for record in undecided)
    page = next(Path(results).glob("*.html")).read_text(encoding="utf-8")
    assert all(record["id"] in page for record in undecided)
    assert next(results.rglob("*.pdf")).stat().st_size
