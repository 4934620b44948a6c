"""Artifacts that are damaged, replaced or not to be replaced: each is refused with what to do, or made anew."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ssl_dynamics.pipeline.check import check_artifacts
from ssl_dynamics.pipeline.fingerprint import lock_fingerprint
from ssl_dynamics.pipeline.runner import planned_jobs
from trees import SMALLEST, call, contents, copy_of_the_tree, edit, finish, made_once, run

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
    RESULTS / "figures/spans.svg": RESULTS / "figures/spans.provenance.json",
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


def told_to_delete(said):
    """The files that messages say are to be deleted."""
    return {Path(path) for path in re.findall(r"(results/[^ :]+)(?:: | is not what ).*delete it", said)}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.usefixtures("here")
def test_check_sees_each_damaged_artifact(undisturbed, elsewhere, damage):
    planned, lock = planned_jobs(Path(SMALLEST)), lock_fingerprint(Path("requirements.lock"))
    assert check_artifacts(RESULTS, lock, planned) == []
    for file, provenance in PROVENANCE.items():
        damaged(damage, file, elsewhere, time_kept=True)
        problems = check_artifacts(RESULTS, lock, planned)
        assert any(line.startswith((f"{file}: ", f"{provenance}: ")) for line in problems), file
        assert len(told_to_delete("\n".join(problems))) == len(problems)
        for path in (file, provenance):
            shutil.copy2(undisturbed / path, path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_refused_and_what_is_said_leads_back(here, undisturbed, elsewhere, damage):
    for i, file in enumerate(PROVENANCE, start=DAMAGES.index(damage)):
        damaged(damage, file, elsewhere, time_kept=i % 2 == 0)  # a file keeps its time in every other of these tests
    again = run(here, config=SMALLEST)
    check = call(here, "check", SMALLEST)
    assert (again.returncode, check.returncode) == (1, 1)
    said = again.stdout + again.stderr + check.stderr
    assert "Traceback" not in said
    for file in told_to_delete(said):
        file.unlink(missing_ok=True)
    finish(here, SMALLEST)
    assert contents(here) == contents(undisturbed)


def protect(file, *, on):
    """Let nobody write a file: not the user, nor root, who may write what is read-only but not what is immutable."""
    if os.geteuid() != 0:
        file.chmod(0o444 if on else 0o644)
    elif subprocess.run(["chattr", "+i" if on else "-i", file], capture_output=True, check=False).returncode != 0:
        pytest.skip("root may write every file of this file system")


def test_read_only_artifact_is_refused_until_it_may_be_written(here, undisturbed):
    file = RESULTS / "claims.json"
    (FREE / "rank.csv").unlink()  # so that claims.json is to be made anew
    protect(file, on=True)
    stopped, check = run(here, config=SMALLEST), call(here, "check", SMALLEST)
    protect(file, on=False)
    assert (stopped.returncode, check.returncode) == (1, 1)
    assert f"{file}: to be made anew, but not writable; make it so, or delete it\n" in stopped.stdout
    assert "Traceback" not in stopped.stdout + stopped.stderr
    assert check.stderr.startswith(f"{FREE}/rank.csv: missing since ")
    finish(here, SMALLEST)
    assert contents(here) == contents(undisturbed)
