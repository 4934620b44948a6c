import subprocess
import sys
from datetime import datetime

import numpy as np
import pytest
import scipy

from ssl_dynamics.engine.commit import published_at, web_address
from ssl_dynamics.engine.exit_codes import STOPPED
from ssl_dynamics.engine.run_record import FILE, LIBRARIES, read_runs, recorded, surroundings
from ssl_dynamics.errors import RunError


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["cli.py", "run", "config/full.yaml", "--cores", "2"])
    return tmp_path / "results/full"


def records(results):
    return read_runs(results / FILE)


def git(*arguments):
    identity = ["-c", "user.name=someone", "-c", "user.email=someone@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def test_run_leaves_its_record(results):
    with recorded(results, where=2):
        pass
    (record,) = records(results)
    assert record["command"] == ["ssl-dynamics", "run", "config/full.yaml", "--cores", "2"]
    assert record["status"] == 0
    assert "error" not in record
    assert record["cores"] == 2
    assert datetime.fromisoformat(record["start"]) <= datetime.fromisoformat(record["end"])
    assert record["hardware"]["threads"] >= 1
    assert record["hardware"]["memory_bytes"] > 0


def test_cpu_time_is_that_of_what_ran_below(results):
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", work], check=True)
    with recorded(results, where=2):
        subprocess.run([sys.executable, "-c", work], check=True)
    (record,) = records(results)
    assert 0.25 <= record["cpu_seconds"] < 0.55  # what ran before does not count; the clocks differ by ticks


def test_run_of_several_folders_is_recorded_in_each(results):
    other = results.with_name("full-root-11")
    with recorded(results, other, where=2):
        pass
    assert records(results) == records(other)


def test_versions_are_those_that_compute(results):
    with recorded(results, where=1):
        pass
    (record,) = records(results)
    assert set(record["libraries"]) == set(LIBRARIES)
    assert record["libraries"]["numpy"] == np.__version__
    assert record["libraries"]["scipy"] == scipy.__version__
    assert record["blas"]
    assert all(blas["internal_api"] and blas["version"] for blas in record["blas"])


def test_failed_run_is_recorded_with_its_cause_and_fails_as_before(results):
    with pytest.raises(RunError, match="two lines"), recorded(results, where=1):
        raise RunError("a job failed,\nin two lines")
    with pytest.raises(SystemExit) as exit_, recorded(results, where=1):
        raise SystemExit(1)
    assert exit_.value.code == 1
    first, second = records(results)
    assert (first["status"], first["error"]) == (STOPPED, "a job failed,")
    assert second["status"] == 1


def test_interrupted_run_is_recorded(results):
    with pytest.raises(KeyboardInterrupt), recorded(results, where=1):
        raise KeyboardInterrupt
    (record,) = records(results)
    assert (record["status"], record["error"]) == (STOPPED, "KeyboardInterrupt")


def test_record_that_cannot_be_written_fails_no_run(results, capsys):
    results.mkdir(parents=True)
    (results / "logs").write_text("a file where the folder should be")
    with recorded(results, where=1):
        pass
    assert "this run is not recorded" in capsys.readouterr().err


def test_line_that_is_no_record_is_named(tmp_path):
    (tmp_path / "runs.jsonl").write_text('{"status": 0}\n{"status": \n')
    with pytest.raises(ValueError, match=r"runs\.jsonl: holds a line that is not the record of a run"):
        read_runs(tmp_path / "runs.jsonl")


@pytest.mark.usefixtures("results")
def test_commit_is_that_of_this_folder(tmp_path, monkeypatch):
    git("init", "--quiet")
    (tmp_path / "code.py").write_text("one = 1\n")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    clean = surroundings()["code"]
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (tmp_path / "code.py").write_text("one = 2\n")
    assert surroundings()["code"] == {"commit": clean["commit"], "dirty": True}
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")  # a copy of the tree below another checkout is not of its commit
    assert surroundings()["code"] is None


@pytest.mark.usefixtures("results")
def test_settings_of_the_user_s_git_neither_hide_files_nor_run_programs(tmp_path, monkeypatch):
    git("init", "--quiet")
    (tmp_path / "code.py").write_text("one = 1\n")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    home = tmp_path.parent / f"{tmp_path.name}-home"
    home.mkdir()
    (home / "watch.sh").write_text(f"#!/bin/sh\ntouch {home}/was-run\n")
    (home / "watch.sh").chmod(0o755)
    (home / "ignored").write_text("*\n")
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/ignore").write_text("*\n")
    (home / ".gitconfig").write_text(
        f"[status]\n showUntrackedFiles = no\n[core]\n fsmonitor = {home}/watch.sh\n excludesFile = {home}/ignored\n"
    )
    monkeypatch.setenv("HOME", str(home))
    assert surroundings()["code"]["dirty"] is False
    (tmp_path / "new.py").write_text("")
    assert surroundings()["code"]["dirty"] is True
    assert not (home / "was-run").exists()


@pytest.mark.usefixtures("results")
def test_without_git_the_commit_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert surroundings()["code"] is None


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b"),
        ("https://someone:secret@github.com/a/b", "https://github.com/a/b"),
        ("git@gitlab.com:group/part/b.git", "https://gitlab.com/group/part/b"),
        ("ssh://git@codeberg.org:22/a/b.git", "https://codeberg.org/a/b"),
        ("https://git.example.org:8443/a/b/", "https://git.example.org:8443/a/b"),
        ("/srv/git/b", None),
        ("../b", None),
        ("file:///srv/git/b", None),
        ("", None),
    ],
)
def test_address_on_the_web_is_that_of_the_remote_without_credentials(remote, address):
    assert web_address(remote) == address


def test_commit_is_published_where_a_remote_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("there", "here"):
        git("init", "--quiet", name)
    monkeypatch.chdir(tmp_path / "there")
    git("commit", "--quiet", "--allow-empty", "-m", "first")
    monkeypatch.chdir(tmp_path / "here")
    git("remote", "add", "origin", str(tmp_path / "there"))
    git("pull", "--quiet", "origin", "HEAD")
    git("fetch", "--quiet", "origin")
    assert published_at() is None  # a folder is no address
    git("remote", "set-url", "origin", "git@github.com:a/b.git")
    assert published_at() == "https://github.com/a/b"
    (tmp_path / "here/CITATION.cff").write_text("repository-code: https://codeberg.org/c/d")
    assert published_at() == "https://codeberg.org/c/d"
    git("commit", "--quiet", "--allow-empty", "-m", "not pushed")
    assert published_at() is None
