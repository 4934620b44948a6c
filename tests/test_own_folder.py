"""The Makefile works in its own folder, with what is installed for it; words of the user's reach commands whole."""

import shlex
import shutil
import subprocess

import pytest

from trees import TOP

FILES = ("Makefile", "requirements.lock", "pyproject.toml", "scripts", "crosscheck", "archive")


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "a project"
    folder.mkdir()
    for name in FILES:
        copy = shutil.copytree if (TOP / name).is_dir() else shutil.copy
        copy(TOP / name, folder / name)
    return folder


def make(folder, *words, variables=None):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **(variables or {})}
    return subprocess.run(["make", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def said(folder, *words, **options):
    """What `make` would do; nothing is installed."""
    result = make(folder, "--dry-run", "READY=", *words, **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("goal", ["quick", "clean", "test", "help", "lock", ""])
def test_another_folder_is_left_alone(project, tmp_path, goal):
    other = tmp_path / "other"
    (other / ".venv").mkdir(parents=True)
    (other / "results").mkdir()
    (other / "results/kept").write_text("")
    for makefile in ("../a project/Makefile", project / "Makefile"):
        result = make(other, "-f", str(makefile), *goal.split())
        assert result.returncode == 2
        assert "works in its own folder alone" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert sorted(path.name for path in other.rglob("*")) == [".venv", "kept", "results"]


def test_an_including_makefile_is_refused_too(project, tmp_path):
    (tmp_path / "link").symlink_to(project)
    (tmp_path / "Makefile").write_text("include link/Makefile\n")
    assert "works in its own folder alone" in make(tmp_path, "clean").stderr


@pytest.mark.parametrize("goal", ["quick", "clean", ""])
def test_a_link_to_the_makefile_is_refused_too(project, tmp_path, goal):
    other = tmp_path / "other"
    (other / "results").mkdir(parents=True)
    (other / "results/kept").write_text("")
    (other / "Makefile").symlink_to(project / "Makefile")
    result = make(other, *goal.split())
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].endswith(
        "works in its own folder alone: make -C FOLDER, not make -f FOLDER/Makefile.  Stop."
    )
    assert (other / "results/kept").exists()


@pytest.mark.parametrize("words", [(), ("-f", "Makefile"), ("-f", "./Makefile")])
def test_own_folder_is_accepted(project, words):
    assert "make quick" in make(project, *words, "help").stdout


def test_folder_named_by_an_option_is_accepted(project, tmp_path):
    assert "make quick" in make(tmp_path, "-C", str(project), "help").stdout


def stamps(folder):
    """The stamps that `make` would leave in each environment, or that it misses."""
    goals = ("plan", "archive-environment", "crosscheck")
    lines = [line for goal in goals for line in make(folder, "--dry-run", goal).stdout.splitlines()]
    return {line.split()[-1] for line in lines if line.startswith("touch ")}


def test_a_moved_or_copied_project_is_installed_anew(project, tmp_path):
    before = stamps(project)
    assert len(before) == 4
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").symlink_to("/bin/sh")
    for stamp in before:
        (project / stamp).parent.mkdir(exist_ok=True)
        (project / stamp).write_text("")
    assert stamps(project) == set()
    copied = shutil.copytree(project, tmp_path / "copied")
    assert len(stamps(copied) - before) == 4
    moved = project.rename(tmp_path / "moved")
    assert len(stamps(moved) - before) == 4


def test_an_environment_whose_python_is_gone_is_made_anew(project):
    before = stamps(project)
    for stamp in before:
        (project / stamp).parent.mkdir(exist_ok=True)
        (project / stamp).write_text("")
    (project / ".venv/bin").mkdir()
    (project / ".venv/bin/python").symlink_to("/nowhere/python3")
    assert any("locked" in stamp for stamp in stamps(project))


@pytest.mark.parametrize("name", ["config/my own.yaml", "it's.yaml", 'a "b" $$c.yaml'.replace("$$", ""), "a;b&c.yaml"])
@pytest.mark.parametrize("goal", ["run", "strict", "plan", "check", "verify", "reference", "report", "benchmark"])
def test_configuration_is_one_word(project, name, goal):
    words = shlex.split(said(project, goal, f"CONFIG={name}", "CROSSCHECK=").splitlines()[-1])
    assert name in words


def test_python_may_lie_below_a_folder_with_a_blank(project):
    lines = make(project, "--dry-run", "plan", "PYTHON=/opt/my python/bin/python3").stdout.splitlines()
    started = [words[0] for line in lines if "install.py" in line for words in [shlex.split(line)]]
    assert started == ["/opt/my python/bin/python3"] * 2


def test_words_of_the_command_line_count_and_variables_of_the_environment_do_not(project):
    names = ("TARGET", "PROFILE", "CONFIG", "CLAIM", "CORES", "ROOT_SEED")
    variables = dict.fromkeys(names, "nonsense")
    for goal in ("full", "quick", "run", "plan", "verify"):
        assert "nonsense" not in said(project, goal, variables=variables)
    given = said(project, "run", "CONFIG=c.yaml", "TARGET=a b", "CORES=3", "ROOT_SEED=11", variables=variables)
    assert shlex.split(given)[-6:] == ["run", "c.yaml", "a", "b", "--root-seed=11", "--cores=3"]
    assert shlex.split(said(project, "quick", "PROFILE=p q"))[-1] == "--profile=p q"
