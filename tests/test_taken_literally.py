"""Values as they are written: numbers in every notation, names that are taken, cores, profiles, merged keys."""

import errno
import os
import subprocess
import sys

import psutil
import pytest
import yaml

from ssl_dynamics.config import parse_config
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine import run, run_lock, slurm
from ssl_dynamics.engine.cores import available_cores
from ssl_dynamics.engine.run_lock import sole_run
from ssl_dynamics.errors import ConfigError, RunError
from trees import TOP

SMALLEST = TOP / "tests/config/smallest.yaml"


def edited(folder, old, new):
    text = SMALLEST.read_text()
    assert text.count(old) == 1
    path = folder / "smallest.yaml"
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize("written", ["2e-2", "2E-2", "+2e-02", "0.2e-1", ".2e-1", "20e-3", "2.e-2"])
def test_step_in_every_notation(tmp_path, written):
    config = load_config(edited(tmp_path, "finest_step: 0.02", f"finest_step: {written}"))
    assert config.unconstrained.finest_step == 0.02


@pytest.mark.parametrize("written", ["5e4", "5E+4", "50e3", "0.5e5", "5.0e4"])
def test_count_in_every_notation(tmp_path, written):
    path = edited(tmp_path, "max_steps: 50000\ngrassmannian", f"max_steps: {written}\ngrassmannian")
    assert load_config(path).unconstrained.max_steps == 50000


@pytest.mark.parametrize("written", ["2e", "e-2", "2e-2x", "1e999", "-2e-2", "two"])
def test_what_is_no_step_is_refused_with_its_key(tmp_path, written):
    path = edited(tmp_path, "finest_step: 0.02", f"finest_step: {written}")
    with pytest.raises(ConfigError, match=r"unconstrained\.finest_step: "):
        load_config(path)


def test_values_as_snakemake_reads_them_mean_the_same():
    values = yaml.safe_load(SMALLEST.read_text())
    texts = {**values, "unconstrained": {**values["unconstrained"], "finest_step": "2e-2", "max_steps": "5e4"}}
    assert parse_config(texts, "config") == parse_config(values, "config")


def test_merged_keys_are_accepted_and_may_be_replaced(tmp_path):
    path = tmp_path / "smallest.yaml"
    text = SMALLEST.read_text()
    head, tail = text.split("grassmannian:\n")
    common = "  levels: 3\n  checkpoints: 8\n  max_steps: 50000\n"
    assert common in head
    path.write_text(
        head.replace("unconstrained:", "unconstrained: &common")
        + "grassmannian:\n  <<: *common\n"
        + tail.replace("  checkpoints: 8\n  max_steps: 50000\n", "")
    )
    assert load_config(path) == load_config(SMALLEST)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a {x: 1}\nb: {<<: *a, <<: *a}", "line 2: repeated keys: <<"),
        ("a: &a {x: 1}\nb: {<<: *a, y: 1, y: 2}", "line 2: repeated keys: y"),
        ("b: {<<: 3}", "expected a mapping"),
    ],
)
def test_keys_repeated_beside_merged_ones_are_refused(tmp_path, text, message):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


@pytest.mark.parametrize("written", ["010", "1:30", "4_0", "-07", "1_0.5", "1:30.5", "0b11"])
def test_numbers_that_two_versions_of_yaml_read_differently_are_refused(tmp_path, written):
    path = tmp_path / "own.yaml"
    path.write_text(f"name: own\nroot_seed: 1\nseeds: {written}\n")
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert str(refused.value) == (
        f"{path}: not YAML: line 3: {written} is not allowed: it must be a number in decimal digits"
    )


def test_aliases_that_stand_for_too_much_are_refused(tmp_path):
    path = tmp_path / "own.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match=r"own\.yaml: more than 100,000 values, or one that holds itself"):
        load_config(path)
    path.write_text("a: &a [1, *a]")
    with pytest.raises(ConfigError, match=r"own\.yaml: "):
        load_config(path)


@pytest.mark.parametrize("name", ["reference", "benchmark"])
def test_folders_of_other_results_are_no_names(name):
    values = yaml.safe_load(SMALLEST.read_text()) | {"name": name}
    with pytest.raises(ConfigError, match=f"name: '{name}' is not allowed: results/{name} holds "):
        parse_config(values, "config")


def cli(*words):
    code = [sys.executable, "-m", "ssl_dynamics", *words]
    return subprocess.run(code, cwd=TOP, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("command", ["run", "verify"])
@pytest.mark.parametrize("cores", ["0", "-1", "00", "2.0", "1e1", "all", "", " ", "٣", "9999999"])
def test_impossible_cores_are_refused_in_one_line(command, cores, monkeypatch, capsys):
    from ssl_dynamics.cli import main  # noqa: PLC0415

    monkeypatch.chdir(TOP)
    monkeypatch.setattr(sys, "argv", ["ssl-dynamics", command, "config/quick.yaml", f"--cores={cores}"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"cores: {cores!r} is not allowed: it must be an integer, 1 or greater\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, "no such folder; expected a folder with a profile.yaml"),
        ({}, "holds none; expected a folder with a profile.yaml"),
        ({"profile.yaml": "- a\n- b"}, "profile.yaml: holds no keys"),
        ({"config.yaml": "a: [1"}, "config.yaml: while parsing"),
        ({"profile.yaml": "executor: slurm\ndefault-resources: 3"}, "no Slurm|default-resources: holds no keys"),
    ],
)
def test_profiles_that_are_none_are_refused_in_one_line(tmp_path, files, message):
    profile = tmp_path / "mine"
    if files is not None:
        profile.mkdir()
        for name, text in files.items():
            (profile / name).write_text(text)
    with pytest.raises(ValueError, match=message) as refused:
        slurm.require_submission(profile)
    assert len(str(refused.value).splitlines()) == 1


def test_profile_for_another_executor_is_left_to_snakemake(tmp_path):
    (tmp_path / "config.v8+.yaml").write_text("executor: local\n")
    slurm.require_submission(tmp_path)
    slurm.require_submission(tmp_path / "config.v8+.yaml")


@pytest.mark.parametrize(
    ("membership", "files", "cores"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "150000 100000", "a/cpu.max": "max 100000"}, 1),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "cpu.max": "200000 100000"}, 2),
        ("0::/\n", {"cpu.max": "10000 100000"}, 1),
        (
            "3:cpuset:/x\n2:cpu,cpuacct:/x\n",
            {"cpu/x/cpu.cfs_quota_us": "300000", "cpu/x/cpu.cfs_period_us": "100000"},
            3,
        ),
        ("2:cpu:/x\n", {"cpu/x/cpu.cfs_quota_us": "-1", "cpu/x/cpu.cfs_period_us": "100000"}, 8),
        ("0::/\n", {"cpu.max": "garbage"}, 8),
        ("0::/\n", {}, 8),
        (None, {}, 8),
    ],
)
def test_quota_of_a_control_group_counts(tmp_path, monkeypatch, membership, files, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    if membership is not None:
        (tmp_path / "membership").write_text(membership)
    assert available_cores(tmp_path / "membership", tmp_path) == cores


def without_locks(number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    return flock


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_named_and_does(tmp_path, monkeypatch, capsys, number):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_lock.fcntl, "flock", without_locks(number))
    for _ in range(2):  # the second finds the number that the first has left
        with sole_run(["true"], [tmp_path]):
            pass
    assert "run.lock: this file system has no locks" in capsys.readouterr().out


def test_a_run_at_work_is_seen_without_locks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_lock.fcntl, "flock", without_locks(errno.ENOLCK))
    (tmp_path / ".snakemake").mkdir()
    code = [sys.executable, "-c", "import time; time.sleep(60)", "ssl-dynamics"]
    with subprocess.Popen(code, cwd=tmp_path) as holder:
        (tmp_path / ".snakemake/run.lock").write_text(str(holder.pid))
        try:
            with (
                pytest.raises(RunError, match=f"another run is at work .*process {holder.pid}"),
                sole_run([], [tmp_path]),
            ):
                pass
        finally:
            holder.kill()


HOLDER = """
import fcntl, os, sys, time
with open(sys.argv[1], "r+") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    time.sleep(0.2)
    lock.truncate(0)
    print(os.getpid(), end="", file=lock, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("before", ["", "999999999"])  # nothing yet, or the number of a run that has ended
def test_a_run_that_has_not_written_its_number_yet_is_named_all_the_same(tmp_path, monkeypatch, before):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake").mkdir()
    lock = tmp_path / ".snakemake/run.lock"
    lock.write_text(before)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            with (
                pytest.raises(RunError, match=rf"another run is at work .*\(process {holder.pid}\)"),
                sole_run([], [tmp_path]),
            ):
                pass
        finally:
            holder.kill()


def test_an_orphan_that_ends_before_it_is_killed_stops_no_run():
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as orphan:
        found = psutil.Process(orphan.pid)
    run_lock._kill([found])
    assert not run._at_work(found)


def test_why_a_lock_stays_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/locks/0.input.lock").touch()
    snakemake = [sys.executable, "-c", "import sys; sys.exit('much else\\nno space left')"]
    with pytest.raises(RunError, match=r"locks: Snakemake does not take off .*: no space left$"):
        run_lock._unlock(snakemake)


def test_another_failure_of_the_lock_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_lock.fcntl, "flock", without_locks(errno.EIO))
    with pytest.raises(RunError, match=r"run\.lock: cannot be locked: Input/output error"), sole_run([], [tmp_path]):
        pass


INTERRUPTED = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == interrupted:
            raise KeyboardInterrupt
interrupted = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupted())
from ssl_dynamics.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["ssl_dynamics.cli", "ssl_dynamics.catalogue", "yaml", "ssl_dynamics.engine.run"])
def test_an_interrupt_while_modules_are_imported_is_one_line(module):
    code = [sys.executable, "-c", INTERRUPTED, module, "plan", "config/quick.yaml"]
    result = subprocess.run(code, cwd=TOP, capture_output=True, text=True, check=False)
    assert result.returncode == 3
    assert result.stderr == "interrupted. The same command goes on from where it stopped\n"


def test_version_says_which_source_answers():
    assert cli("--version").stdout.endswith(f"the code in {TOP / 'src'}\n")
