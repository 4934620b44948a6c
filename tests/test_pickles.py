"""No file that is read is ever unpickled: not as an artifact, not as data, not as a problem to solve."""

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from ssl_dynamics.engine.artifacts import read_arrays
from ssl_dynamics.engine.provenance import require_as_made
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.settings.data import Npz
from ssl_dynamics.solver import solve

NAMES = ("train", "W0", "C", "times", "anchor")


class Mark:
    """Loading its pickle leaves a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def archive(path, mark):
    np.savez(path, **dict.fromkeys(NAMES, np.array([Mark(mark)], dtype=object)))


def bare(path, mark):
    path.write_bytes(pickle.dumps(Mark(mark)))


def array(path, mark):
    with path.open("wb") as file:
        np.save(file, np.array([Mark(mark)], dtype=object))


def read_as_artifact(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = {"stage": "", "extra_roots": [], "code": "", "lock": "", "inputs": {}, "outputs": {str(path): digest}}
    path.with_name("forged.provenance.json").write_text(json.dumps(record))
    require_as_made({str(path): digest})  # a hash that was forged as well lets it pass
    read_arrays(path)


def read_as_data(path):
    load(Npz(source="npz", path=path, triplets=2, augmentations=[]), "x", root_seed=0)


def solve_it(path):
    solve(path, path.with_name("out.npz"), flow="grassmann", loss="contrastive", plot=None, beta=None)


@pytest.fixture(params=[archive, bare, array])
def trap(request, tmp_path):
    """A file whose unpickling leaves another, and that other."""
    path, mark = tmp_path / "trap.npz", tmp_path / "unpickled"
    request.param(path, mark)
    return path, mark


def test_trap_would_spring(trap):
    path, mark = trap
    loaded = np.load(path, allow_pickle=True)
    if isinstance(loaded, np.lib.npyio.NpzFile):
        loaded["W0"]
    assert mark.exists()


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (read_as_artifact, ValueError),
        (read_as_data, ValueError),
        (solve_it, ConfigError),
    ],
)
def test_pickles_are_refused_unread(trap, read, error):
    path, mark = trap
    with pytest.raises(error) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert not mark.exists()
    assert not path.with_name("out.npz").exists()


def refusal(path, output):
    """What is said of a problem that is not solved; nothing of one that is."""
    try:
        solve(path, output, flow="grassmann", loss="contrastive", plot=None, beta=None)
    except ConfigError as error:
        return str(error)
    return ""


def test_damaged_problems_are_refused_in_one_line(tmp_path):
    random = np.random.default_rng(0)
    path, output = tmp_path / "problem.npz", tmp_path / "out.npz"
    np.savez_compressed(path, C=np.diag([-1.0, 0.0, 1.0, 2.0]), W0=np.eye(4)[:, :2], times=np.array([0.0, 1.0]))
    whole = path.read_bytes()
    places = random.choice(len(whole), 150, replace=False)
    flipped = [whole[:i] + bytes([whole[i] ^ 1 << random.integers(8)]) + whole[i + 1 :] for i in places]
    for damaged in [*(whole[:i] for i in places), *flipped]:
        path.write_bytes(damaged)
        output.unlink(missing_ok=True)
        message = refusal(path, output)
        if message:  # a flipped bit may also change nothing
            assert message.startswith(f"{path}: ")
            assert "\n" not in message
            assert not output.exists()
