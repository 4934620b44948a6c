import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.linalg import expm

from problems import orthonormal, symmetric
from ssl_dynamics import cli
from ssl_dynamics.analysis import projector_distance
from ssl_dynamics.engine.exit_codes import WRONG_INPUT
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.theory import SolvedFlow, soft_constraint_flow

TIMES = np.array([0.0, 0.5, 2.0])


def written_to(path):
    """What is in a file, which is closed again."""
    with np.load(path) as file:
        return dict(file)


def run(monkeypatch, capsys, *arguments):
    """Exit code and error text of the command, run in this process."""
    monkeypatch.setattr(sys, "argv", ["ssl-dynamics", "solve", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as stop:
        return stop.code, capsys.readouterr().err
    return 0, capsys.readouterr().err


def problem(tmp_path, **changes):
    random = np.random.default_rng(0)
    arrays = {"C": symmetric(np.array([-2.0, -1.0, 0.5, 1.0]), random), "W0": orthonormal(4, 2, random), "times": TIMES}
    path = tmp_path / "problem.npz"
    np.savez(path, **{name: value for name, value in (arrays | changes).items() if value is not None})
    return path, arrays


def test_solves_what_the_matrix_exponential_solves(tmp_path, monkeypatch, capsys):
    path, arrays = problem(tmp_path)
    assert run(monkeypatch, capsys, path, tmp_path / "out.npz", "--plot", tmp_path / "out.svg") == (0, "")
    written = written_to(tmp_path / "out.npz")
    expected = np.stack([expm(-2 * arrays["C"] * t) @ arrays["W0"] for t in TIMES])
    assert projector_distance(written["W"], np.linalg.qr(expected)[0]).max() < 1e-10
    np.testing.assert_allclose(written["W"].mT @ written["W"], np.broadcast_to(np.eye(2), (3, 2, 2)), atol=1e-12)
    assert (np.diff(written["loss"]) < 0).all()
    assert written["sines"].shape == (3, 2)
    assert written["sines"][-1].max() < 0.05
    assert "<svg" in (tmp_path / "out.svg").read_text()


@pytest.mark.parametrize("eigenvalues", [[-2.0, -1, -1, 1], [0.0, 0, 0, 0]])
def test_limit_that_is_not_unique_is_named(tmp_path, monkeypatch, capsys, eigenvalues):
    path, _ = problem(tmp_path, C=symmetric(np.array(eigenvalues), np.random.default_rng(3)))
    code, said = run(monkeypatch, capsys, path, tmp_path / "out.npz")
    assert (code, said.count("\n")) == (0, 1)
    assert said.startswith("note: λ_2 = λ_3 = ")
    assert "the leading eigenspace is not unique; `sines` are to one" in said


@pytest.mark.parametrize("flow", ["unconstrained", "wide"])
def test_other_flows(tmp_path, monkeypatch, capsys, flow):
    path, arrays = problem(tmp_path)
    assert run(monkeypatch, capsys, path, tmp_path / "out.npz", "--flow", flow) == (0, "")
    W = written_to(tmp_path / "out.npz")["W"]
    np.testing.assert_allclose(W[0], arrays["W0"], atol=1e-12)
    if flow == "unconstrained":
        np.testing.assert_allclose(W[1], expm(-arrays["C"]) @ arrays["W0"], atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_a_penalty_keeps_the_span_and_ends_at_its_own_singular_values(tmp_path, monkeypatch, capsys, scale):
    path, arrays = problem(tmp_path, W0=scale * problem(tmp_path)[1]["W0"], times=[0.0, 0.5, 30.0])
    assert run(monkeypatch, capsys, path, tmp_path / "out.npz", "--flow", "soft", "--beta", "4") == (0, "")
    written = written_to(tmp_path / "out.npz")
    expected = np.linalg.qr(expm(-arrays["C"]) @ arrays["W0"])[0]
    assert projector_distance(np.linalg.qr(written["W"][1])[0], expected) < 1e-12
    np.testing.assert_allclose(np.linalg.svd(written["W"][2])[1], np.sqrt([1.5, 1.25]), rtol=1e-12)
    np.testing.assert_allclose(written["loss"][2], -2 * 1.5 - 1.25, rtol=1e-12)
    assert written["sines"][2].max() < 1e-12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--flow", "soft"], "--beta: the flow soft needs it, in units of C, and no other flow has one"),
        (["--beta", "1"], "--beta: the flow soft needs it, in units of C, and no other flow has one"),
        (["--flow", "soft", "--beta", "-1"], "--beta: '-1' is not allowed: it must be a number, 0 or greater"),
        (["--flow", "soft", "--beta", "1,2"], "--beta: '1,2' is not allowed: it must be a number, 0 or greater"),
        (["--flow", "soft", "--beta", "1e308"], "where 2(β − λ)t overflows float64: end earlier"),
    ],
)
def test_a_penalty_is_given_where_a_flow_has_one(tmp_path, monkeypatch, capsys, options, message):
    path, _ = problem(tmp_path)
    code, error = run(monkeypatch, capsys, path, tmp_path / "out.npz", *options)
    assert (code, error.count("\n")) == (WRONG_INPUT, 1)
    assert error.endswith(f"{message}\n")
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize(
    "value",
    ["-1", "-1e-9", "-1e3", "-inf", "nan", "inf", "1e400", "", " ", "1,2", "1 2", "0x1", "1/2", "β", "1\n2", "-x"],
)
@pytest.mark.parametrize("file", ["problem.npz", "missing.npz"])
def test_a_penalty_that_is_no_number_is_refused_by_its_name_before_any_file_is_read(
    tmp_path, monkeypatch, capsys, value, file
):
    problem(tmp_path)
    code, error = run(monkeypatch, capsys, tmp_path / file, tmp_path / "out.npz", "--flow", "soft", f"--beta={value}")
    assert code == WRONG_INPUT
    assert error == f"--beta: {value!r} is not allowed: it must be a number, 0 or greater\n"
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("value", ["0", "-0", "+2", "2.", ".5", "1e-3", "1E2"])
def test_a_penalty_is_any_number_from_zero_on(tmp_path, monkeypatch, capsys, value):
    path, arrays = problem(tmp_path)
    assert run(monkeypatch, capsys, path, tmp_path / "out.npz", "--flow", "soft", "--beta", value) == (0, "")
    W = written_to(tmp_path / "out.npz")["W"]
    expected = soft_constraint_flow(arrays["C"], arrays["W0"], TIMES, beta=float(value))
    np.testing.assert_array_equal(W, expected)


@pytest.mark.parametrize("loss", ["contrastive", "non-contrastive"])
def test_views_make_the_form(tmp_path, monkeypatch, capsys, loss):
    random = np.random.default_rng(1)
    views = {name: random.standard_normal((30, 4)) for name in ("anchor", "positive", "negative")}
    path, arrays = problem(tmp_path, C=None, **views)
    assert run(monkeypatch, capsys, path, tmp_path / "out.npz", "--loss", loss) == (0, "")
    names = list(views)[: 3 if loss == "contrastive" else 2]
    C = quadratic_form(*(views[name] for name in names), loss=loss)
    W = written_to(tmp_path / "out.npz")["W"]
    assert projector_distance(W[1], np.linalg.qr(expm(-C) @ arrays["W0"])[0]) < 1e-10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W0": None}, "no array 'W0'; it holds C, times"),
        ({"C": None}, "no array 'anchor'; it holds W0, times"),
        ({"times": np.array([1.0, 0.5])}, "times must not decrease"),
        ({"W0": np.ones((4, 2))}, "orthonormal"),
        ({"W0": np.eye(3)[:, :2]}, "3"),
        ({"C": np.triu(np.ones((4, 4)))}, "symmetric"),
        ({"C": np.full((4, 4), np.nan)}, "C holds 16 values that are not finite"),
        ({"C": np.array([{}], dtype=object)}, "pickled objects are not read"),
    ],
)
def test_bad_problem_is_refused_in_one_line_and_nothing_is_written(tmp_path, monkeypatch, capsys, changes, message):
    path, _ = problem(tmp_path, **changes)
    code, error = run(monkeypatch, capsys, path, tmp_path / "out.npz")
    assert code == WRONG_INPUT
    assert error.startswith(f"{path}: ")
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.npz", "out.npz"], "missing.npz: No such file or directory; expected an .npz file"),
        (["problem.npz", "out.csv"], "out.csv: .npz is allowed"),
        (["problem.npz", "no/out.npz"], "no/out.npz: no folder no"),
        (["problem.npz", "folder.npz"], "folder.npz: no file, so it is not written over"),
        (["problem.npz", "out.npz", "--plot", "folder.svg"], "folder.svg: no file, so it is not written over"),
        (["pipe.npz", "out.npz"], "pipe.npz: no file; expected an .npz file"),
        (["problem.npz", "out.npz", "--plot", "out.gif"], "out.gif: .svg or .png is allowed"),
        (["problem.npz", "../here/problem.npz"], "../here/problem.npz: this is the problem itself; name another file"),
        (["single.npz", "out.npz"], "single.npz: not an .npz file of plain arrays; pickled objects are not read"),
    ],
)
def test_bad_paths_are_refused(tmp_path, monkeypatch, capsys, arguments, message):
    here = tmp_path / "here"
    here.mkdir()
    problem(here)
    np.save(here / "single.npy", np.eye(2))
    (here / "single.npy").rename(here / "single.npz")
    for name in ("folder.npz", "folder.svg"):
        (here / name).mkdir()
    os.mkfifo(here / "pipe.npz")
    monkeypatch.chdir(here)
    code, error = run(monkeypatch, capsys, *arguments)
    assert code == WRONG_INPUT
    assert error == f"{message}\n"


@pytest.mark.parametrize("lost", ["_draw", "write_arrays"])
def test_a_picture_and_a_solution_of_before_outlive_a_failure(tmp_path, monkeypatch, capsys, lost):
    problem(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("out.npz", "out.svg"):
        (tmp_path / name).write_text("precious")

    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"ssl_dynamics.solver.{lost}", fails)
    code, error = run(monkeypatch, capsys, "problem.npz", "out.npz", "--plot", "out.svg")
    assert code == WRONG_INPUT
    assert error == "out.npz, out.svg: No space left on device; nothing was written\n"
    assert {path.name: path.read_text() for path in tmp_path.glob("out.*")} == dict.fromkeys(
        ("out.npz", "out.svg"), "precious"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.npz", "out.svg", "problem.npz"]


def test_help_names_the_arrays():
    text = subprocess.run(
        [sys.executable, "-m", "ssl_dynamics.cli", "solve", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(name in text for name in ("W0", "times", "anchor", "--flow", "--plot"))


def solved(tmp_path, monkeypatch, capsys, flow, **arrays):
    """What the command writes for these arrays, or the line in which it refuses."""
    path, _ = problem(tmp_path, **arrays)
    code, error = run(monkeypatch, capsys, path, tmp_path / "out.npz", "--flow", flow)
    if code:
        assert error.count("\n") == 1
        assert not (tmp_path / "out.npz").exists()
        return error
    return written_to(tmp_path / "out.npz")


@pytest.mark.parametrize("flow", ["unconstrained", "wide"])
@pytest.mark.parametrize("t", [1.0, 8.0, 20.0])
def test_sines_outlive_the_weights(tmp_path, monkeypatch, capsys, flow, t):
    random = np.random.default_rng(5)
    C, W0 = symmetric(np.arange(1.0, 6), random), 1e-8 * orthonormal(5, 2, random)
    written = solved(tmp_path, monkeypatch, capsys, flow, C=C, W0=W0, times=[0.0, t])
    start = np.linalg.qr(W0)[0]
    expected = SolvedFlow(C).tangents(start, [t if flow == "unconstrained" else 2 * t])[0]
    np.testing.assert_allclose(written["sines"][1, 0], np.sin(np.arctan(expected[0])), rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"times": [0.0, 400.0]}, "overflows float64; use log_singular_values and unconstrained_span"),
        ({"times": [0.0, 130.0]}, "the loss at t = 130 overflows float64"),
        ({"W0": np.ones((4, 2))}, "W0 has deficient rank"),
        ({"W0": np.zeros((4, 2))}, "W0 is zero"),
        ({"W0": np.ones((2, 4, 2))}, "W0 must have shape (d, z); got (2, 4, 2)"),
        ({"C": 1e300 * np.eye(4)}, "near the limits of float64"),
        ({"C": 9 * np.eye(4), "times": [0.0, 100.0]}, "shrunk below what float64 holds"),
    ],
)
def test_what_float64_cannot_hold_is_refused(tmp_path, monkeypatch, capsys, changes, message):
    assert message in solved(tmp_path, monkeypatch, capsys, "unconstrained", **changes)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
@pytest.mark.parametrize("flow", ["grassmann", "unconstrained", "wide"])
def test_arrays_of_other_precisions(tmp_path, monkeypatch, capsys, dtype, flow):
    random = np.random.default_rng(2)
    C, W0 = symmetric(np.array([-2.0, -1.0, 0.5, 1.0]), random), orthonormal(4, 2, random)
    expected = solved(tmp_path, monkeypatch, capsys, flow, C=C, W0=W0)
    found = solved(tmp_path, monkeypatch, capsys, flow, C=C.astype(dtype), W0=W0.astype(dtype))
    assert found["W"].dtype == np.float64
    np.testing.assert_allclose(found["sines"], expected["sines"], atol=20 * float(np.finfo(dtype).eps) + 1e-8)
