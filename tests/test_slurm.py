"""The workflow through a real Slurm of two nodes, which tests/slurm/with_slurm.sh starts and ends."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from ssl_dynamics.catalogue import stages
from ssl_dynamics.engine.exit_codes import STOPPED
from trees import SMALLEST, call, command, contents, copy_of_the_tree, edit, environment, finish

TOP = Path(__file__).parents[1]
PROFILE = "profiles/slurm/profile.yaml"
ON_SLURM = ("--profile", "profiles/slurm")

pytestmark = pytest.mark.slow


@pytest.fixture
def slurm(tmp_path):
    """The list, by Slurm, of the jobs that have ended."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"Slurm cannot be started: it takes root, and {missing or 'its programs'} (slurm-wlm, munge)")
    command = ["bash", str(TOP / "tests/slurm/with_slurm.sh"), str(tmp_path / "slurm"), "sh", "-c", "echo ready; cat"]
    # Slurm ends when its standard input does: at the end of a test, and when the tests are killed.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield tmp_path / "slurm/jobs.log"
        process.stdin.close()
        assert process.wait() == 0


@pytest.fixture
def tree(tmp_path):
    """The sources, with the status of jobs asked for often."""
    tree = copy_of_the_tree(tmp_path / "tree")
    edit(tree, PROFILE, "slurm-init-seconds-before-status-checks: 10", "slurm-init-seconds-before-status-checks: 2")
    return tree


def run_on_slurm(tree):
    return call(tree, "run", SMALLEST, *ON_SLURM)


class Ended(NamedTuple):
    """A job that has ended, on this node."""

    number: str
    state: str
    node: str
    folder: str


def ended(jobs):
    found = re.findall(r"JobId=(\d+) .* JobState=(\w+) .* NodeList=(\S+) .* WorkDir=(\S+) ", jobs.read_text())
    return [Ended(*job) for job in found]


def at_work(rule):
    """Numbers of the jobs at work that hold a job of this rule."""
    command = ["squeue", "--noheader", "--states=running", "--format=%i %k"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in listed.splitlines() if rule in line}


def test_every_rule_says_its_memory_and_time():
    listing = [sys.executable, TOP / "tests/dry_run.py", "config/full.yaml"]  # without what a profile says of them
    printed = subprocess.run(listing, cwd=TOP, capture_output=True, text=True, check=True).stdout
    jobs = [line for line in printed.splitlines() if not line.startswith(" ")]
    assert {job.partition("=")[0] for job in jobs} >= {stage.rule for _, stage in stages()} | {"claims", "paper"}
    for job in jobs:
        assert re.search(r" \([1-9]\d* MB, [1-9]\d* min, ", job), job


def dry_run(tree):
    """Of the full configuration by the profile; it says of groups what jobs are in them, and of resources nothing."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/full.yaml", "--profile", "profiles/slurm"]
    return subprocess.run(
        [*command, "--dry-run"], cwd=tree, env=environment(tree), capture_output=True, text=True, check=False
    )


def test_no_group_of_the_full_configuration_waits_for_itself(tree):
    result = dry_run(tree)
    assert result.returncode == 0, result.stderr
    assert "Group job report" in result.stdout + result.stderr


def test_profile_can_ask_for_a_gpu_for_what_trains_by_its_number_alone(tree):
    before, mark, lines = (tree / PROFILE).read_text().partition("# With `device: cuda`")
    asking = re.findall(r"#   - (\w+):gpu=1\n", lines)
    assert asking == sorted(stage.rule for _, stage in stages() if "device" in stage.settings.model_fields)
    (tree / PROFILE).write_text(before + mark + lines.replace("\n# ", "\n"))
    result = dry_run(tree)
    assert result.returncode == 0, result.stderr
    edit(tree, PROFILE, ":gpu=1", ":gres=gpu:1")
    result = dry_run(tree)
    assert result.returncode == 1
    assert "gres is a string but not all jobs in group require the same value" in result.stdout + result.stderr


def test_site_that_slurm_does_not_know_stops_before_any_job(tree, slurm):
    edit(tree, PROFILE, "slurm_partition: main", "slurm_partition: elsewhere")
    result = run_on_slurm(tree)
    assert result.returncode == STOPPED
    assert result.stderr.startswith(f"{PROFILE}: Slurm takes no jobs as default-resources say: ")
    assert "invalid partition specified: elsewhere" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert ended(slurm) == []


def test_failed_job_ends_in_a_line_with_its_cause(tree, slurm):
    edit(
        tree,
        "src/ssl_dynamics/experiments/data/triplets.py",
        "    settings =",
        '    raise ValueError("no")\n    settings =',
    )
    result = run_on_slurm(tree)
    assert result.returncode == STOPPED
    assert "triplets: no (log: results/smallest/logs/mixture/triplets.log)" in result.stdout.splitlines()
    assert "Traceback" not in result.stdout + result.stderr
    states = [job.state for job in ended(slurm)]  # labelled items need no triplets; nothing else is tried
    assert sorted(states) in (["FAILED"], ["COMPLETED", "FAILED"])


def test_killed_run_goes_on_and_gives_the_bytes_of_a_local_run(tree, slurm, tmp_path):
    with subprocess.Popen(
        command("run", SMALLEST, *ON_SLURM),
        cwd=tree,
        env=environment(tree),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not (orphans := at_work("simulate")):
            assert process.poll() is None
            time.sleep(0.2)
        subprocess.run(["scontrol", "suspend", *orphans], check=True)  # they would end before the next run looks
        (snakemake,) = psutil.Process(process.pid).children()
        for victim in (process, snakemake):
            victim.send_signal(signal.SIGKILL)
    result = run_on_slurm(tree)
    assert result.returncode == 0, result.stdout + result.stderr
    states = {job.number: job.state for job in ended(slurm) if job.folder == str(tree)}
    assert {states[number] for number in orphans} == {"CANCELLED"}
    completed = [number for number, state in states.items() if state == "COMPLETED"]
    assert len(completed) == 6  # triplets, labelled items, two cells, what follows from the tables, the explorer
    assert not list((tree / "results").rglob("*.part*"))

    local = copy_of_the_tree(tmp_path / "local")
    finish(local, SMALLEST)
    assert contents(tree) == contents(local)


def test_draws_are_shared_by_two_nodes_and_give_the_bytes_of_local_ones(tree, slurm, tmp_path):
    result = call(tree, "draws", SMALLEST, "--draws", "3", *ON_SLURM)
    assert result.returncode == 0, result.stdout + result.stderr
    jobs = ended(slurm)
    assert {job.state for job in jobs} == {"COMPLETED"}
    assert len(jobs) == 13  # of each draw the data, two cells and its verdicts; what they say together
    assert {job.node for job in jobs} == {"node1", "node2"}
    local = copy_of_the_tree(tmp_path / "local")
    assert call(local, "draws", SMALLEST, "--draws", "3", "--cores", "2").returncode == 0
    assert contents(tree) == contents(local)
