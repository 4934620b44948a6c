"""A run with another root seed: its name and folder, and the commands that redo it."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.exit_codes import WRONG_INPUT
from ssl_dynamics.engine.run import Configuration
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.root_seed import name_with, taken_apart, variables
from trees import SMALLEST, call, contents, run

TOP = Path(__file__).parents[1]
QUICK = TOP / "config/quick.yaml"


@pytest.mark.parametrize("name", ["quick", "my-root", "my-root-canal", "root-11", "2"])
def test_names_are_taken_apart_as_they_were_made(name):
    assert taken_apart(name) == (name, None)
    assert taken_apart(name_with(name, 11)) == (name, 11)


def test_commands_name_the_file_and_the_root_seed():
    assert variables("quick") == "CONFIG=config/quick.yaml"
    assert variables("quick-root-11") == "CONFIG=config/quick.yaml ROOT_SEED=11"


def test_root_seed_changes_itself_and_the_folder_alone():
    shipped, other = load_config(QUICK), load_config(QUICK, "11")
    assert other == shipped.model_copy(update={"root_seed": 11, "name": "quick-root-11"})
    assert other.results == Path("results/quick-root-11")
    assert load_config(QUICK, "011") == other
    assert load_config(QUICK, "0").root_seed == 0


def test_root_seed_of_the_configuration_itself_is_its_own_run():
    shipped = load_config(QUICK)
    assert load_config(QUICK, str(shipped.root_seed)) == shipped


@pytest.mark.parametrize("root_seed", ["-1", "1.5", "eleven", "", "1 2", "²", "1_000"])
def test_root_seed_that_is_no_such_number_is_refused_in_a_line(root_seed):
    line = f"root seed: {root_seed!r} is not allowed: it must be an integer, 0 or greater"
    with pytest.raises(ConfigError, match=f"^{re.escape(line)}$"):
        load_config(QUICK, root_seed)


def test_wrong_root_seed_ends_a_command_before_it_begins():
    result = call(TOP, "run", "config/quick.yaml", "--cores", "1", "--root-seed=-1")
    line = "root seed: '-1' is not allowed: it must be an integer, 0 or greater\n"
    assert (result.returncode, result.stderr) == (WRONG_INPUT, line)


def test_file_that_is_named_as_if_it_had_another_root_seed_is_refused(tmp_path):
    path = tmp_path / "mine-root-11.yaml"
    path.write_text(QUICK.read_text(encoding="utf-8").replace("name: quick", "name: mine-root-11"), encoding="utf-8")
    with pytest.raises(ConfigError, match="name: 'mine-root-11' is not allowed"):
        load_config(path)


def test_snakemake_is_told_the_file_and_what_differs():
    file = Path("config/quick.yaml")
    assert Configuration(file).arguments() == ["--configfile", str(file.absolute())]
    other = Configuration(file, {"root_seed": 11, "name": "quick-root-11"})
    assert other.arguments()[2:] == ["--config", "root_seed=11", "name=quick-root-11"]
    assert str(other) == "config/quick.yaml root_seed=11 name=quick-root-11"


@pytest.mark.parametrize(
    ("goal", "command"),
    [
        ("full", "run config/full.yaml"),
        ("quick", "run config/quick.yaml"),
        ("run", "run config/mine.yaml"),
        ("strict", "run config/mine.yaml --strict"),
        ("plan", "plan config/mine.yaml"),
        ("check", "check config/mine.yaml"),
        ("verify", "verify config/mine.yaml"),
        ("reference", "reference config/mine.yaml"),
    ],
)
def test_make_hands_the_root_seed_on(goal, command):
    own = [] if goal in ("full", "quick") else ["CONFIG=config/mine.yaml"]
    words = ["make", "--dry-run", "--no-print-directory", goal, *own, "CORES=2"]
    for variable, option in (([], []), (["ROOT_SEED=11"], ["--root-seed=11"])):
        printed = subprocess.run(words + variable, cwd=TOP, capture_output=True, text=True, check=True).stdout
        (line,) = [line for line in printed.splitlines() if " ssl-dynamics " in line]
        given = shlex.split(line.partition(" ssl-dynamics ")[2])
        assert set(given) - {"--cores=2"} == {*command.split(), *option}


@pytest.mark.parametrize(
    ("goals", "variable", "named"),
    [
        ([], "CONFIG", "full"),
        (["full"], "CONFIG", "full"),
        (["check", "quick"], "CONFIG", "quick"),
        ([], "TARGET", "full"),
        (["strict"], "TARGET", "strict"),
        (["draws"], "TARGET", "draws"),
        ([], "CLAIM", "full"),
        (["run"], "CLAIM", "run"),
        (["quick"], "DRAWS", "quick"),
        (["run"], "ROOTS", "run"),
        (["verify"], "EQUATION_DRAWS", "verify"),
    ],
)
def test_make_refuses_what_a_long_run_would_not_read(goals, variable, named):
    command = ["make", "--dry-run", *goals]
    result = subprocess.run([*command, f"{variable}=5"], cwd=TOP, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert f"{variable}: 'make {named}' does not read it; it is for make " in result.stderr
    # In the environment it is meant for something else.
    environment = {**os.environ, variable: "5"}
    result = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("goal", ["archive", "report", "draws", "preregister"])
def test_make_says_where_no_root_seed_can_be_given(goal):
    command = ["make", "--dry-run", goal, "ROOT_SEED=11"]
    result = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert f"ROOT_SEED: 'make {goal}' is of a run with the root seed of its configuration" in result.stderr


@pytest.mark.slow
def test_run_with_another_root_seed_has_a_folder_and_commands_of_its_own(small):
    before = contents(small)
    planned = call(small, "plan", SMALLEST, "--root-seed", "11")
    assert f"{SMALLEST} root_seed=11 name=smallest-root-11: " in " ".join(planned.stdout.split())
    result = run(small, "--root-seed", "11", config=SMALLEST)
    claims = json.loads((small / "results/smallest-root-11/claims.json").read_text(encoding="utf-8"))
    assert f"{len(claims)} claims hold" in result.stdout
    own = {f"smallest-root-11/{name.partition('/')[2]}" for name in before if name.startswith("smallest/")}
    after = contents(small)
    assert own <= after.keys()
    assert {name: after[name] for name in before} == before
    triplets = "mixture/triplets.npz"
    assert after[f"smallest/{triplets}"] != after[f"smallest-root-11/{triplets}"]
    made = json.loads(after["smallest-root-11/mixture/triplets.provenance.json"])
    assert made["settings"]["root_seed"] == 11
    commands = "make run CONFIG=config/smallest.yaml ROOT_SEED=11 TARGET='results/smallest-root-11/"
    assert all(claim["command"].startswith(commands) for claim in claims)
    page = after["smallest-root-11/report.html"].decode()
    assert "CONFIG=config/smallest.yaml ROOT_SEED=11 TARGET=" in page
    assert "CONFIG=config/smallest-root-11.yaml" not in page

    # The command of a claim, as `make` hands it on, finds what it names done, and makes it again where it is lost.
    target = re.search(r"TARGET='([^']*)'", claims[0]["command"])[1].split()
    lost = small / target[0]
    lost.unlink()
    assert run(small, *target, "--root-seed", "11", config=SMALLEST).returncode == 0
    assert lost.read_bytes() == after[str(lost.relative_to(small / "results"))]
    assert call(small, "check", SMALLEST, "--root-seed", "11").returncode == 0
    assert "nothing to do" in call(small, "plan", SMALLEST, "--root-seed", "11").stdout
