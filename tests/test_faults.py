"""Killed runs, full disks, edits meanwhile, two runs at once, failing stages: nothing lost, nothing wrong accepted."""

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import psutil
import pytest

from trees import SMALLEST, call, contents, copy_of_the_tree, finish, run, started

STAGE = "ssl_dynamics.pipeline.stages."
SIMULATED = "results/smallest/mixture/contrastive/unconstrained/z2/trajectories"

pytestmark = pytest.mark.slow


def processes(attempt):
    """The scheduler and the jobs of a run."""
    try:
        children = psutil.Process(attempt.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return [], []
    lines = {}
    for child in children:
        try:
            lines[child] = child.cmdline()
        except psutil.NoSuchProcess:
            continue
    scheduler = [child for child, words in lines.items() if "snakemake" in words]
    return scheduler, [child for child, words in lines.items() if words[2:3] and words[2].startswith(STAGE)]


def wait_for(found):
    """What `found` returns as soon as there is something, looked for every few milliseconds; None after two minutes."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.01)
    return None


def assert_whole(tree, undisturbed):
    """Every artifact that is there is one of an undisturbed run, to the byte."""
    for name, content in contents(tree).items():
        if "logs" not in name and "/." not in name:
            assert content == undisturbed[name], name


def kill(attempt, victim, chance):
    """Kill -9 part of a run at a random moment; returns the orphans, held, so that they would write when all is done.

    None if the run was over before.
    """
    in_work = victim == "job" or chance.random() < 0.8  # else while it starts
    wait_for(lambda: attempt.poll() is not None or processes(attempt)[in_work])
    time.sleep(chance.uniform(0, 1.5))
    scheduler, jobs = processes(attempt)
    if not (jobs if victim == "job" else scheduler):
        return None
    if victim == "all":
        os.killpg(attempt.pid, signal.SIGKILL)
        psutil.wait_procs([*scheduler, *jobs])
        return []
    if victim in ("job", "scheduler"):
        chance.choice(jobs if victim == "job" else scheduler).kill()
        said = attempt.communicate()[0]
        assert attempt.returncode == 1, said
        assert "Traceback" not in said
        assert "The same command goes on from where it stopped" in said
        if victim == "job":
            assert re.search(r"^\w+: killed by SIGKILL; .* \(log: results/smallest/logs/.*\.log\)$", said, re.MULTILINE)
        return []
    orphans = jobs if victim == "command and scheduler" else [*scheduler, *jobs]
    for orphan in orphans:
        orphan.suspend()
    for process in [attempt, *scheduler] if victim == "command and scheduler" else [attempt]:
        process.kill()
    return orphans


@pytest.mark.parametrize("seed", [1, 2])
def test_run_killed_ten_times_ends_as_if_undisturbed(undisturbed, tmp_path, seed):
    expected = contents(undisturbed)
    chance = random.Random(seed)
    victims = 2 * ["scheduler", "job", "command", "command and scheduler", "all"]
    chance.shuffle(victims)
    orphans = []
    tree = copy_of_the_tree(tmp_path / "first")
    while victims:
        with started(tree) as attempt:
            left = kill(attempt, victims[-1], chance)
            if left is None:  # it has ended before: the next one starts from nothing
                said = attempt.communicate()[0]
                assert attempt.returncode == 0, said
                assert contents(tree) == expected
                tree = copy_of_the_tree(tmp_path / str(len(victims)))
                continue
        victims.pop()
        orphans += left
        assert_whole(tree, expected)
    finish(tree, SMALLEST)
    assert not [orphan for orphan in orphans if orphan.is_running()]
    assert contents(tree) == expected
    assert orphans


@pytest.fixture
def disk(tmp_path):
    """A file system of its own, and how to leave a number of bytes free on it."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here: that takes root")

    def leave(room):
        size = shutil.disk_usage(place).used + room
        subprocess.run(["mount", "-o", f"remount,size={size}", place], check=True)

    yield place, leave
    subprocess.run(["umount", "--lazy", place], check=True)


def assert_stopped_in_order(result, error):
    """A run that a full disk has ended says so, in lines of its own."""
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert re.search(rf"^.*{error}.*$", said, re.MULTILINE), said
    assert "Traceback" not in said
    assert said.endswith("The same command goes on from where it stopped\n")


def test_files_that_may_not_grow_stop_a_run_which_the_same_command_ends(undisturbed, tmp_path):
    expected = contents(undisturbed)
    tree = copy_of_the_tree(tmp_path)
    for limit in (8_000, 20_000, 60_000):  # bytes: too few for the triplets, for a table, for a figure

        def limit_files(limit=limit):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        assert_stopped_in_order(run(tree, config=SMALLEST, preexec_fn=limit_files), "File too large")
        assert_whole(tree, expected)
    finish(tree, SMALLEST)
    assert contents(tree) == expected


def test_full_disk_stops_a_run_which_the_same_command_ends(undisturbed, disk):
    expected = contents(undisturbed)
    place, leave = disk
    tree = copy_of_the_tree(place)
    for room in (100_000, 400_000, 1_200_000):
        leave(room)
        assert_stopped_in_order(run(tree, config=SMALLEST), "No space left on device")
        assert_whole(tree, expected)
        assert call(tree, "check", SMALLEST).returncode == 1
    leave(100_000_000)
    finish(tree, SMALLEST)
    assert contents(tree) == expected
