"""The real workflow, run on copies of the tree."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from ssl_dynamics.catalogue import FIGURES, caption
from ssl_dynamics.engine.exit_codes import DISAGREES, STOPPED, WRONG_INPUT
from ssl_dynamics.registry import CLAIMS
from trees import call, contents, copy_of_the_tree, edit, environment, run

pytestmark = pytest.mark.slow


def test_run_ends_with_the_verdict_on_every_claim(finished):
    tree, said = finished
    records = json.loads((tree / "results/tiny/claims.json").read_text())
    for record in records:
        assert record["verdict"] == "pass"
        assert record["control"]["verdict"] == "fail"
        assert record["id"] in said
        assert record["low"] <= record["value"] <= record["high"]
        assert (tree / record["figure"]).is_file()
        assert record["artifacts"]
    assert call(tree, "check", "config/tiny.yaml").returncode == 0


def test_report_of_snakemake_shows_every_figure_with_its_caption(tree):
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/tiny.yaml", "--quiet", "all"]
    command += ["--report", "report.zip"]
    assert subprocess.run(command, cwd=tree, env=environment(tree), capture_output=True, check=False).returncode == 0
    with zipfile.ZipFile(tree / "report.zip") as archive:
        files = {Path(name).name for name in archive.namelist()}
        (page,) = (name for name in archive.namelist() if name.endswith("/report.html") and "raw" not in name)
        text = archive.read(page).decode()
    figures = {path.name for path in (tree / "results/tiny/figures").glob("*.svg")}
    assert figures | {"report.html", "explorer.html", "paper.pdf"} <= files
    for name in figures:
        assert f'"results/tiny/figures/{name}": {{"name": "{name}"' in text
    drawn = [figure for name, figure in FIGURES.items() if f"{name}.svg" in figures]
    assert {figure.name for figure in drawn} >= {"exactness", "collapse", "retractions"}
    for shown in map(caption, drawn):
        assert json.dumps(shown, ensure_ascii=True)[1:-1] in text or shown in text
    assert "make run CONFIG=config/tiny.yaml TARGET=results/tiny/figures/collapse.svg<" in text


# Experiments whose claims are about random nets, samples or test items: three seeds of a tiny problem do not settle
# them (`make quick` does). What the others claim is exact, or is extrapolated to be, at any size.
STATISTICAL = {
    "collapse_cost", "constrained_nets", "depth", "downstream", "drift", "finite_sample", "kernel_limit", "mini_batch",
}  # fmt: skip


def test_every_experiment_runs_to_its_verdicts(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    result = run(tree, config="config/tiny-all.yaml")
    records = json.loads((tree / "results/tiny-all/claims.json").read_text())
    claims = {claim.id: claim for claim in CLAIMS}
    assert {record["id"] for record in records} == set(claims)
    exact = {
        name
        for name, claim in claims.items()
        if claim.experiment not in STATISTICAL and claim.evidence != "random nets"
    }
    controls = {(record["id"], cell["control"]["verdict"]) for record in records for cell in record["cells"]}
    assert {verdict for name, verdict in controls if name in exact} == {"fail"}
    assert all(np.isfinite(cell["value"]) for record in records for cell in record["cells"])
    failed = [record["id"] for record in records if record["verdict"] != "pass"]
    assert not exact & set(failed)
    assert result.returncode == (DISAGREES if failed else 0), result.stdout + result.stderr
    assert all(name in result.stderr for name in failed)


def test_artifacts_name_no_folder_of_this_machine(finished):
    tree, _ = finished
    for name, content in contents(tree).items():
        assert str(tree).encode() not in content, name
        assert str(Path.home()).encode() + b"/" not in content, name


def test_another_run_elsewhere_on_one_core_gives_the_same_bytes(finished, tmp_path):
    other = copy_of_the_tree(tmp_path / "spaces, a 'quote', $dollars and Zürich 空")
    result = run(other, cores=1)
    assert result.returncode == 0, result.stdout + result.stderr
    assert contents(other) == contents(finished[0])


def test_failing_notebook_keeps_its_executed_copy_and_fails_the_run(tree):
    edit(tree, "src/ssl_dynamics/report/display.py", 'group"] == group', 'group"] == no_such_name')
    result = run(tree)
    assert result.returncode == STOPPED
    assert "notebook: workflow/notebooks/collapse.ipynb, In [" in result.stdout
    assert "NameError" in (tree / "results/tiny/logs/notebooks/collapse.failed.ipynb").read_text()
    assert not (tree / "results/tiny/notebooks/collapse.ipynb").exists()


def failed_claims(result):
    expected = "no reference is shipped for tiny: every claim must hold: "
    assert result.returncode == DISAGREES, result.stdout + result.stderr
    (line,) = [line for line in result.stderr.splitlines() if line.startswith(expected)]
    return {claim.partition(" (")[0] for claim in line.removeprefix(expected).split(", ")}


def test_half_the_rate_in_the_closed_form_is_caught(tree):
    edit(tree, "src/ssl_dynamics/theory/solved_flow.py", "rates = 2 * (", "rates = 1 * (")
    edit(
        tree,
        "src/ssl_dynamics/theory/unconstrained.py",
        "-2 * eigenvalues * t[:, None]",
        "-1 * eigenvalues * t[:, None]",
    )
    assert failed_claims(run(tree)) >= {
        "A1-collapse-curve", "A3-order-1", "A3-order-2", "A3-order-3", "A3-error-1", "A3-error-2", "A3-integration",
    }  # fmt: skip


def test_dropped_constraint_in_training_is_caught(tree):
    edit(
        tree,
        "src/ssl_dynamics/simulation/manifolds.py",
        "return self.retraction(weights, -learning_rate * horizontal(weights, gradient))",
        "return Euclidean().step(weights, gradient, learning_rate)",
    )
    # Training itself refuses a start that is not orthonormal, as the end of such a run would be to the next: not here.
    edit(tree, "src/ssl_dynamics/simulation/training.py", "orthonormal=run.manifold.bounded", "orthonormal=False")
    # Over the thousand steps of the experiment on finite steps such weights overflow, which ends a run in an error.
    config = yaml.safe_load((tree / "config/tiny.yaml").read_text())
    del config["finite_steps"]
    (tree / "config/tiny.yaml").write_text(yaml.safe_dump(config))
    assert failed_claims(run(tree)) >= {"A2-no-collapse", "A3-order-1", "A3-error-1", "A3-horizontal-steps"}


def test_dropped_horizontal_projection_in_training_is_caught(tree):
    # What is left, Euclidean gradient and QR, is orthogonal iteration: its flow has the same span (docs/theory.md, §3),
    # so that only the steps themselves can tell.
    edit(
        tree,
        "src/ssl_dynamics/simulation/manifolds.py",
        "self.retraction(weights, -learning_rate * horizontal(weights, gradient))",
        "self.retraction(weights, -learning_rate * gradient)",
    )
    failed = failed_claims(run(tree))
    assert "A3-horizontal-steps" in failed
    assert not failed & {"A3-order-1", "A3-order-2", "A3-error-1", "A3-error-2", "A2-no-collapse"}


def test_damaged_data_stop_before_any_job(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    config = yaml.safe_load((tree / "config/tiny.yaml").read_text())
    config["datasets"] = {"mine": {"source": "npz", "path": "mine.npz", "triplets": 20, "augmentations": []}}
    (tree / "config/tiny.yaml").write_text(yaml.safe_dump(config))
    (tree / "mine.npz").write_bytes(b"PK\x03\x04 cut off")
    result = run(tree)
    assert result.returncode == WRONG_INPUT
    assert result.stderr.startswith("config/tiny.yaml: datasets.mine: mine.npz: truncated")
    assert len(result.stderr.splitlines()) == 1
    assert not (tree / ".snakemake/log").exists()


def test_budget_that_no_draw_can_keep_is_refused_before_any_job(tree):
    config = yaml.safe_load((tree / "config/tiny.yaml").read_text())
    config["grassmannian"]["max_steps"] = 10
    (tree / "config/tiny.yaml").write_text(yaml.safe_dump(config))
    before = contents(tree)
    result = run(tree)
    assert result.returncode == WRONG_INPUT
    (line,) = result.stderr.splitlines()
    assert line.startswith("config/tiny.yaml: grassmannian, datasets.mixture: the transient takes")
    assert "max_steps is 10" in line
    assert contents(tree) == before
