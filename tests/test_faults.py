"""Killed runs, full disks, edits meanwhile, two runs at once, failing stages: nothing lost, nothing wrong accepted."""

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ssl_dynamics.engine.exit_codes import DISAGREES, STOPPED
from trees import SMALLEST, call, contents, copy_of_the_tree, edit, finish, run, started

ENGINE = ["-m", "ssl_dynamics.engine"]
CELL = "mixture/contrastive/unconstrained/z2"
FIGURE = "results/smallest/figures/triplets-mixture.svg"

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
    return scheduler, [child for child, words in lines.items() if words[1:3] == ENGINE]


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
        assert attempt.returncode == STOPPED, said
        assert "Traceback" not in said
        assert "The same command goes on from where it stopped" in said
        if victim == "job":
            assert re.search(r"^\w+: killed by SIGKILL, .* \(log: results/smallest/logs/.*\.log\)$", said, re.MULTILINE)
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
    assert result.returncode == STOPPED
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


def test_run_writes_no_bytecode_which_a_full_disk_would_cut_off(tmp_path):
    tree = copy_of_the_tree(tmp_path)
    written_by_default = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode")}
    for _ in range(2):  # the second plans first, from what is there
        run(tree, FIGURE, config=SMALLEST, variables=written_by_default)
        (tree / FIGURE).unlink()
    assert not (tmp_path / "bytecode").exists()
    assert not list(tree.rglob("*.pyc"))


def test_full_disk_stops_a_run_which_the_same_command_ends(undisturbed, disk):
    expected = contents(undisturbed)
    place, leave = disk
    tree = copy_of_the_tree(place)
    for room in (100_000, 400_000, 1_200_000):
        leave(room)
        assert_stopped_in_order(run(tree, config=SMALLEST), "No space left on device")
        assert_whole(tree, expected)
        assert call(tree, "check", SMALLEST).returncode == DISAGREES
    leave(100_000_000)
    finish(tree, SMALLEST)
    assert contents(tree) == expected


def test_source_edited_while_a_stage_runs_leaves_nothing_of_it(small, undisturbed):
    trained = small / f"results/smallest/{CELL}/trajectories.npz"
    log = small / f"results/smallest/logs/{CELL}/simulate.log"
    line = "weights - learning_rate", "weights - 1.0 * learning_rate"
    works = "    settings = job.settings\n", '    settings = job.settings\n    job.log.info("at work")\n'
    edit(small, "src/ssl_dynamics/experiments/dynamics/simulate.py", *works)
    for begun in (  # before what it imports, and after
        lambda attempt: processes(attempt)[1],
        lambda _: log.exists(),
        lambda _: log.exists() and "at work" in log.read_text(),
    ):
        trained.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        with started(small) as attempt:
            assert wait_for(lambda begun=begun, attempt=attempt: begun(attempt))
            edit(small, "src/ssl_dynamics/simulation/manifolds.py", *line)
            said = attempt.communicate()[0]
        assert attempt.returncode == STOPPED
        assert "simulate: the code changed after this run was planned; run the same command again" in said
        assert not trained.exists()
        edit(small, "src/ssl_dynamics/simulation/manifolds.py", *reversed(line))
    edit(small, "src/ssl_dynamics/experiments/dynamics/simulate.py", *reversed(works))
    finish(small, SMALLEST)
    assert contents(small) == contents(undisturbed)


def test_of_two_runs_at_once_one_is_refused_and_the_other_finishes(small, undisturbed):
    (small / "results/smallest/claims.json").unlink()
    with started(small) as one, started(small) as other:
        said = {attempt: attempt.communicate()[0] for attempt in (one, other)}
    finished, refused = sorted(said, key=lambda attempt: attempt.returncode)
    assert (finished.returncode, refused.returncode) == (0, STOPPED), said
    assert said[refused] == (
        f"another run is at work in this folder (process {finished.pid}): wait for it, or stop it\n"
    )
    assert contents(small) == contents(undisturbed)


def test_snakemake_started_by_hand_is_not_disturbed(small):
    (small / "snakemake_by_hand.py").write_text("import time; time.sleep(600)")
    with subprocess.Popen([sys.executable, "-m", "snakemake_by_hand"], cwd=small) as by_hand:
        result = run(small, config=SMALLEST)
        assert by_hand.poll() is None
        by_hand.kill()
    assert result.returncode == STOPPED
    assert result.stderr.startswith(f"another run is at work in this folder (process {by_hand.pid})")


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        ("ValueError('no such triplets')", "triplet_figure: no such triplets (log: "),
        ("KeyError('anchor')", "triplet_figure: KeyError: 'anchor' (log: "),
    ],
)
def test_stage_that_raises_ends_in_one_line_and_with_debug_in_its_traceback(small, raised, line):
    (small / FIGURE).unlink()
    edit(small, "src/ssl_dynamics/experiments/data/figures.py", "    theme.apply()\n", f"    raise {raised}\n")
    result = run(small, FIGURE, config=SMALLEST)
    assert result.returncode == STOPPED
    assert [each for each in result.stdout.splitlines() if "triplets (" in each or "anchor" in each] == [
        f"{line}results/smallest/logs/figures/triplets-mixture.log)"
    ]
    assert "Traceback" not in result.stdout + result.stderr
    debugged = run(small, FIGURE, "--debug", config=SMALLEST)
    assert debugged.returncode == STOPPED
    assert f"raise {raised}" in debugged.stdout
    assert line in debugged.stdout
    assert not (small / FIGURE).exists()


@pytest.mark.parametrize("name", ["", "locks", "metadata"])
def test_records_that_snakemake_cannot_write_stop_a_run_in_one_line(small, undisturbed, name):
    (small / FIGURE).unlink()
    shutil.rmtree(small / ".snakemake")
    if name:
        (small / ".snakemake").mkdir()
    (small / ".snakemake" / name).write_text("in the way")
    result = run(small, config=SMALLEST)
    assert result.returncode == STOPPED
    assert "Traceback" not in result.stdout + result.stderr
    assert re.search(
        r"(?m)^.*\.snakemake.*File exists.*$|^.*File exists.*\.snakemake.*$", result.stdout + result.stderr
    )
    left = contents(undisturbed)
    del left[FIGURE.removeprefix("results/")]
    assert contents(small) == left
