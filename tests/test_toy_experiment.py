"""A new experiment: one folder, a line in the list, its keys in the configuration; it is run, judged and shown."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from trees import SMALLEST, copy_of_the_tree, edit, environment, finish

TOY = Path(__file__).parent / "toy_experiment/first_step"


def lines(folder):
    return sum(bool(line.strip()) for path in folder.glob("*.py") for line in path.read_text().splitlines())


def test_the_toy_is_small():
    assert lines(TOY) < 120


@pytest.mark.slow
def test_a_folder_and_a_line_add_an_experiment(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    shutil.copytree(TOY, tree / "src/ssl_dynamics/experiments/first_step")
    edit(tree, "src/ssl_dynamics/experiments/__init__.py", '    "depth",\n', '    "depth",\n    "first_step",\n')
    config = yaml.safe_load((tree / SMALLEST).read_text()) | {"first_step": {"step": 0.1}}
    (tree / SMALLEST).write_text(yaml.safe_dump(config))
    said = finish(tree, SMALLEST).stdout
    results = tree / "results/smallest"
    records = {record["id"]: record for record in json.loads((results / "claims.json").read_text())}
    record = records["beyond-first-step"]
    assert record["verdict"] == "pass"
    assert record["value"] < 1e-12
    assert record["control"]["verdict"] == "fail"
    assert "beyond-first-step" in said
    assert (results / "figures/first-step.svg").stat().st_size > 1000
    page = (results / "report.html").read_text()
    assert 'id="beyond-first-step"' in page
    assert 'alt="The fall of the loss in one step against its prediction, a point for each seed."' in page
    assert ">simulate_first_step</text>" in page  # in the picture of the workflow
    assert (results / "notebooks/framework.html").is_file()
    shutil.copy(TOY.parents[2] / "pyproject.toml", tree)
    lint = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    contracts = subprocess.run(lint, cwd=tree, env=environment(tree), capture_output=True, text=True, check=False)
    assert contracts.returncode == 0, contracts.stdout
