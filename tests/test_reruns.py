"""Precise re-runs: after an edit, what reads it and what follows; after anything else, nothing."""

import os
import random
import re
import shutil
from pathlib import Path

import pytest
import yaml

from ssl_dynamics.engine.provenance import SUFFIX
from ssl_dynamics.engine.run import Configuration, jobs_of
from trees import call, copy_of_the_tree, edit, finish

pytestmark = pytest.mark.slow

NOTHING = "nothing to do"


def plan(tree):
    """What `make plan` prints, a line for each reason with its stages."""
    result = call(tree, "plan", "config/tiny.yaml")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def stages(printed):
    """How often each stage would run, whatever the reason; a stage counts once for each of its reasons."""
    rows = " ".join(printed.partition("───")[2].split())  # a count and its stage may stand on two lines
    return {stage: int(count) for count, stage in re.findall(r"(\d+) ([a-z_]+)\b", rows)}


def change(tree, **values):
    """Change values of the configuration, each by its path with __ for the dots."""
    path = tree / "config/tiny.yaml"
    config = yaml.safe_load(path.read_text())
    for keys, value in values.items():
        *parents, last = keys.split("__")
        part = config
        for key in parents:
            part = part[key]
        assert part[last] != value
        part[last] = value
    path.write_text(yaml.safe_dump(config))


def test_comments_docstrings_blank_lines_and_touches_anywhere_run_nothing(tree):
    for path in (tree / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(f"# A comment.\n\n{text}\n\n# Another.\n", encoding="utf-8")
    edit(tree, "src/ssl_dynamics/simulation/training.py", "Gradient descent from", "Descent of the gradient from")
    edit(tree, "workflow/rules/stages.smk", "# A rule for every stage", "# One rule for each stage")
    for path in tree.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            path.touch()
    assert NOTHING in plan(tree)


def test_a_fresh_clone_with_copied_results_runs_nothing_whatever_the_times(finished, tmp_path):
    clone = copy_of_the_tree(tmp_path / "clone")
    shutil.copytree(finished[0] / "results", clone / "results")
    for path in clone.rglob("*"):
        moment = random.Random(path.name).uniform(1e9, 2e9)
        os.utime(path, (moment, moment))
    assert NOTHING in plan(clone)
    assert "jobs done" not in finish(clone).stdout
    # Nor is anything wrongly kept: Snakemake has no record of these files.
    change(clone, grassmannian__checkpoints=11)
    assert "dynamics.checkpoints: 10 → 11" in plan(clone)


def test_a_real_edit_in_the_theory_runs_the_solvers_that_import_it_and_what_follows(tree):
    edit(tree, "src/ssl_dynamics/theory/solved_flow.py", "rates = 2 * (", "rates = 2.0 * (")
    printed = plan(tree)
    assert "theory.solved_flow: SolvedFlow" in " ".join(printed.split())
    found = stages(printed)
    assert found.keys() >= {
        "solve", "compare_unconstrained", "compare_grassmannian", "claims", "figures_collapse", "notebook",
    }  # fmt: skip
    assert not {stage for stage in found if stage.startswith(("triplet", "quadratic", "simulate", "design"))}


def test_a_real_edit_in_the_simulation_runs_training_and_what_follows(tree):
    edit(tree, "src/ssl_dynamics/simulation/manifolds.py", "weights - learning_rate", "weights - 1.0 * learning_rate")
    printed = plan(tree)
    assert "simulation.manifolds: Euclidean" in printed
    assert "simulate" in stages(printed)
    assert not stages(printed).keys() & {"triplets", "quadratic_form", "design_dynamics", "solve"}


def test_an_edit_in_one_figure_function_runs_the_figures_of_its_part_and_what_shows_them(tree):
    edit(
        tree,
        "src/ssl_dynamics/experiments/dynamics/figures.py",
        '"control: rate 10 % off"',
        '"control: a rate 10 % off"',
    )
    printed = plan(tree)
    assert "experiments.dynamics.figures: exactness" in printed
    assert stages(printed) == {"figures_collapse": 1, "notebook": 2, "page": 1, "paper": 1}


def test_an_edit_of_what_the_notebooks_share_runs_them_all_and_nothing_else(tree):
    edit(tree, "src/ssl_dynamics/report/display.py", "Not part of this", "No part of this")
    assert stages(plan(tree)) == {"notebook": 2}


@pytest.mark.parametrize(
    ("values", "reason", "run", "left"),
    [
        (
            {"seeds": 5},
            "seeds: 4 → 5",
            {"design_dynamics", "simulate", "solve", "design_finite_steps", "claims", "figures_collapse"},
            {"triplets", "quadratic_form", "triplet_figure"},
        ),
        (
            {"unconstrained__finest_step": 0.025},
            "dynamics.finest_step: 0.02 → 0.025",
            {"design_dynamics", "simulate", "solve", "compare_unconstrained", "claims"},
            {"triplets", "quadratic_form", "compare_grassmannian", "compare_finite_steps", "triplet_figure"},
        ),
        (
            {"finite_steps__limit_steps": 700},
            "finite_steps.limit_steps: 600 → 700",
            {"design_finite_steps", "simulate_finite_steps", "solve_finite_steps", "compare_finite_steps", "claims"},
            {"triplets", "quadratic_form", "design_dynamics", "simulate", "solve", "compare_grassmannian"},
        ),
    ],
)
def test_a_changed_value_runs_only_what_reads_it(tree, values, reason, run, left):
    change(tree, **values)
    printed = plan(tree)
    assert reason in " ".join(printed.split())
    assert stages(printed).keys() >= run
    assert not stages(printed).keys() & left


def test_a_changed_list_of_widths_changes_only_the_jobs_of_the_experiment_that_has_it(tmp_path, monkeypatch):
    # Seen on the jobs of a larger configuration, which need not be run for it.
    tree = copy_of_the_tree(tmp_path)
    monkeypatch.chdir(tree)
    monkeypatch.setenv("PYTHONPATH", str(tree / "src"))
    path = tree / "config/tiny-all.yaml"
    config = yaml.safe_load(path.read_text())

    def settings_with(widths):
        path.write_text(yaml.safe_dump({**config, "depth": {**config["depth"], "widths": widths}}))
        jobs = jobs_of(Configuration(Path("config/tiny-all.yaml")))
        assert len(jobs) > 80
        return {job.provenance.removeprefix("results/tiny-all/"): job.settings for job in jobs}

    before, after = settings_with([32, 64, 128]), settings_with([32, 64, 256])
    cell = "mixture/contrastive/depth/z2"
    assert {name.removesuffix(SUFFIX) for name in before if before[name] != after[name]} == {
        f"{cell}/trajectories/0", f"{cell}/solve", f"{cell}/compare", "paper",
    }  # fmt: skip


def test_new_pins_run_everything(tree):
    edit(tree, "requirements.lock", "scipy==", "scipy==0.")
    printed = plan(tree)
    assert "requirements.lock: other pins" in printed
    everything = plan(without_results(tree))
    assert re.search(r"(\d+) jobs would run", printed)[1] == re.search(r"(\d+) jobs would run", everything)[1]


def without_results(tree):
    shutil.rmtree(tree / "results")
    return tree
