"""Artifacts that are damaged, replaced or not to be replaced: each is seen, and made anew by the next run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ssl_dynamics.engine.exit_codes import DISAGREES, STOPPED
from ssl_dynamics.engine.integrity import check_plan
from ssl_dynamics.engine.run import Configuration, jobs_of
from ssl_dynamics.engine.staleness import plan_of
from trees import SMALLEST, call, contents, copy_of_the_tree, edit, environment, finish, made_once, run

RESULTS = Path("results/smallest")
FREE, CONSTRAINED = (RESULTS / "mixture/contrastive" / name / "z2" for name in ("unconstrained", "grassmannian"))
# Artifacts, each with the provenance that names it: arrays, tables, verdicts, figures, a page.
PROVENANCE = {
    RESULTS / "mixture/triplets.npz": RESULTS / "mixture/triplets.provenance.json",
    FREE / "solution.npz": FREE / "solution.provenance.json",
    CONSTRAINED / "trajectories.npz": CONSTRAINED / "trajectories.provenance.json",
    FREE / "rank.csv": FREE / "compare.provenance.json",
    CONSTRAINED / "steps.csv": CONSTRAINED / "compare.provenance.json",
    RESULTS / "claims.json": RESULTS / "claims.provenance.json",
    RESULTS / "figures/spans.svg": RESULTS / "figures/collapse.provenance.json",
    RESULTS / "figures/collapse.png": RESULTS / "figures/collapse.provenance.json",
    RESULTS / "report.html": RESULTS / "report.provenance.json",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """The same artifacts from another seed."""

    def make(folder):
        tree = copy_of_the_tree(folder)
        edit(tree, SMALLEST, "root_seed: 7", "root_seed: 8")
        return finish(tree, SMALLEST, *map(str, PROVENANCE)).stdout

    return made_once(tmp_path_factory, "elsewhere", make)[0]


@pytest.fixture
def here(small, monkeypatch):
    monkeypatch.chdir(small)
    return small


def truncate(file, _):
    os.truncate(file, file.stat().st_size // 2)


def flip_a_bit(file, _):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)


def spoil_its_provenance(file, _):
    os.truncate(PROVENANCE[file], 100)


def replace_alone(file, elsewhere):
    shutil.copyfile(elsewhere / file, file)


def replace_with_provenance(file, elsewhere):
    for path in (file, PROVENANCE[file]):
        shutil.copyfile(elsewhere / path, path)


DAMAGES = [truncate, flip_a_bit, spoil_its_provenance, replace_alone, replace_with_provenance]


def damaged(damage, file, elsewhere, *, time_kept):
    times = {path: path.stat().st_mtime_ns for path in (file, PROVENANCE[file])}
    damage(file, elsewhere)
    if time_kept:
        for path, time in times.items():
            os.utime(path, ns=(time, time))


@pytest.mark.parametrize("damage", DAMAGES)
def test_check_sees_each_damaged_artifact(here, undisturbed, elsewhere, damage, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(here / "src"))
    jobs = jobs_of(Configuration(Path(SMALLEST)))
    assert check_plan(RESULTS, plan_of(jobs)) == []
    for file, provenance in PROVENANCE.items():
        damaged(damage, file, elsewhere, time_kept=True)
        problems = check_plan(RESULTS, plan_of(jobs))
        assert any(line.startswith((f"{file}: ", f"{provenance}: ")) for line in problems), file
        assert all(line.endswith("; make it anew: run make") for line in problems)
        for path in (file, provenance):
            shutil.copy2(undisturbed / path, path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_made_good_by_the_next_run(here, undisturbed, elsewhere, damage):
    for i, file in enumerate(PROVENANCE, start=DAMAGES.index(damage)):
        damaged(damage, file, elsewhere, time_kept=i % 2 == 0)  # a file keeps its time in every other of these tests
    check = call(here, "check", SMALLEST)
    assert check.returncode == DISAGREES
    assert "Traceback" not in check.stderr
    finish(here, SMALLEST)
    assert contents(here) == contents(undisturbed)


def test_a_job_refuses_an_input_that_is_damaged_after_the_plan_was_made(here, undisturbed):
    """Snakemake by hand goes by times alone; the job itself sees what it is given."""
    flip_a_bit(CONSTRAINED / "trajectories.npz", None)
    snakemake = [sys.executable, "-m", "snakemake", "--configfile", SMALLEST, "--cores", "1", "--quiet", "all"]
    result = subprocess.run(snakemake, cwd=here, env=environment(here), capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "trajectories.npz is not what" in result.stdout + result.stderr
    assert contents(here)["smallest/claims.json"] == contents(undisturbed)["smallest/claims.json"]


# Root may write what is read-only; without its powers it may not.
AS_A_USER = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


def test_read_only_artifact_is_refused_until_it_may_be_written(here, undisturbed):
    file = RESULTS / "claims.json"
    (FREE / "rank.csv").unlink()  # so that claims.json is to be made anew
    file.chmod(0o444)
    stopped, check = run(here, config=SMALLEST, before=AS_A_USER), call(here, "check", SMALLEST, before=AS_A_USER)
    file.chmod(0o644)
    assert (stopped.returncode, check.returncode) == (STOPPED, DISAGREES)
    assert f"{file}: must be made anew, but is not writable: make it writable, or delete it\n" in stopped.stdout
    assert "Traceback" not in stopped.stdout + stopped.stderr
    assert check.stderr.startswith(f"{FREE}/rank.csv: missing")
    finish(here, SMALLEST)
    assert contents(here) == contents(undisturbed)
