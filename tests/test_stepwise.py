"""The flow of ‖WᵀΓW − I‖², one mode after another, and the claims on it."""

import logging

import mpmath
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from problems import judge_rows, orthonormal, symmetric
from ssl_dynamics.analysis import fitted_order, last_rise
from ssl_dynamics.cells import CompareSettings, TrainingSettings
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.stepwise import compare as comparison
from ssl_dynamics.experiments.stepwise.claims import CLAIMS
from ssl_dynamics.experiments.stepwise.compare import predicted_missed, turns
from ssl_dynamics.experiments.stepwise.config import RESOLVED, SolveSettings, Stepwise
from ssl_dynamics.experiments.stepwise.design import Design, Solution
from ssl_dynamics.experiments.stepwise.measures import missed_share, step_time_error
from ssl_dynamics.experiments.stepwise.simulate import simulate
from ssl_dynamics.experiments.stepwise.solve import solve
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.stepwise import train_stepwise, whitening_gradient
from ssl_dynamics.simulation.training import pairs
from ssl_dynamics.theory import stepwise_aligned_flow, stepwise_law
from ssl_dynamics.unsettled import Unsettled

GAMMA = np.array([2.0, 1.2, 0.7, 0.3, 0.0, -0.4])  # of −C: indefinite, as of noisy views
D = len(GAMMA)
TIMES = np.array([0.0, 0.1, 0.7, 2.0])
CELL = {"dataset": "d", "loss": "non-contrastive", "dimension": 3}


def integrated(C, W0, times):
    """W(t) (T, d, z) of Ẇ = −∇‖WᵀCW + I‖², by the derivative of the entries of the matrix."""

    def velocity(_, flat):
        W = flat.reshape(W0.shape)
        moment = -(W.T @ C @ W)
        return (4 * C @ W @ (moment - np.eye(len(moment)))).ravel()

    solved = solve_ivp(
        velocity, (0, times[-1]), W0.ravel(), method="DOP853", t_eval=times, rtol=1e-11, atol=1e-14 * np.abs(W0).max()
    )
    return solved.y.T.reshape(-1, *W0.shape)


def moments(C, W):
    return np.linalg.eigvalsh(-(W.mT @ C @ W))[..., ::-1]


def aligned_start(C, sizes):
    return np.linalg.eigh(C)[1][:, : len(sizes)] * sizes


def small_start(z, scale, seed=0, d=D):
    return scale * np.random.default_rng(seed).standard_normal((d, z))


def test_velocity_is_the_descent_of_the_loss():
    random = np.random.default_rng(2)
    C, W0 = symmetric(-GAMMA, random), small_start(2, 0.4)

    def loss(W):
        return np.square(W.T @ C @ W + np.eye(2)).sum()

    units = 1e-6 * np.eye(2 * D).reshape(-1, D, 2)
    slope = np.array([(loss(W0 + unit) - loss(W0 - unit)) / 2e-6 for unit in units]).reshape(D, 2)
    short = integrated(C, W0, np.array([0.0, 1e-6]))
    np.testing.assert_allclose((short[1] - short[0]) / 1e-6, -slope, atol=1e-4)


@given(st.lists(st.sampled_from([0.01, 0.3, 0.9, 4.0]), min_size=1, max_size=D), st.integers(0, 100))
@settings(max_examples=10, deadline=None)
def test_aligned_starts_follow_their_closed_form(sizes, seed):
    C, sizes = symmetric(-GAMMA, np.random.default_rng(seed)), np.array(sizes)
    s = stepwise_aligned_flow(C, sizes, TIMES)
    W = integrated(C, aligned_start(C, sizes), TIMES)
    expected = np.linalg.svd(W, compute_uv=False)
    np.testing.assert_allclose(np.sort(s)[:, ::-1], expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(s[0], sizes)
    midway = stepwise_aligned_flow(C, s[1], [TIMES[2] - TIMES[1]])
    np.testing.assert_allclose(midway[0], s[2], rtol=1e-12)


def test_aligned_starts_end_at_one_over_root_gamma_and_die_elsewhere():
    s = stepwise_aligned_flow(np.diag(-GAMMA), np.full((2, D), 0.1), [0.0, 1e6])
    assert s.shape == (2, 2, D)
    np.testing.assert_allclose(s[:, 1, :4], np.tile(1 / np.sqrt(GAMMA[:4]), (2, 1)), rtol=1e-14)
    np.testing.assert_array_equal(s[:, 1, 4:], [[0.1, 0.0]] * 2)


@pytest.mark.parametrize("z", [1, 3, 4])
def test_law_is_exact_for_aligned_starts_in_any_basis_of_the_outputs(z):
    random = np.random.default_rng(z)
    C, sizes = symmetric(-GAMMA, random), random.uniform(1e-4, 0.3, z)
    start = np.stack([aligned_start(C, sizes) @ orthonormal(z, z, random) for _ in range(2)])
    law = stepwise_law(C, start)
    exact = GAMMA[:z] * stepwise_aligned_flow(C, sizes, TIMES) ** 2
    np.testing.assert_allclose(law.eigenvalues(TIMES), np.stack([exact] * 2), rtol=1e-9)
    assert law.interplay.max() < 1e-15
    np.testing.assert_allclose(law.growth, 8 * GAMMA[:z], rtol=1e-12)


@given(st.integers(1, 4), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_law_sees_no_rotation_and_scales_with_its_units(z, seed):
    random = np.random.default_rng(seed)
    C, W0 = symmetric(-GAMMA, random), small_start(z, 1e-5, seed)
    law, turned = stepwise_law(C, W0), stepwise_law(7 * C, W0 @ orthonormal(z, z, random) / np.sqrt(7))
    np.testing.assert_allclose(7 * turned.times, law.times, rtol=1e-9)
    for name in ("interplay", "carried"):
        np.testing.assert_allclose(getattr(turned, name), getattr(law, name), rtol=1e-6)


def one_output(gamma, start):
    """Time at which wᵀΓw = 1/2 for z = 1, by one quadrature: w = e^{4Γτ}w(0), dt = dτ/(1 − wᵀΓw)."""

    def moment(tau):
        return float(gamma @ (np.exp(8 * gamma * tau) * start**2))

    half = brentq(lambda tau: moment(tau) - 0.5, 0, 40, xtol=1e-15)
    # 1/(1 − m) = 1 + m/(1 − m), of which the second part lies at the end.
    late = quad(lambda tau: moment(tau) / (1 - moment(tau)), 0, half, epsabs=1e-15, epsrel=1e-12, limit=200)[0]
    return half + late


def test_error_of_the_first_step_falls_with_the_start_at_the_power_that_the_eigenvalues_say():
    gamma, scales = np.array([1.0, 0.6]), np.array([1e-3, 1e-4, 1e-5, 1e-6])
    errors, allowed = [], []
    for scale in scales:
        start = scale * np.array([1.0, 0.8])
        law = stepwise_law(np.diag(-gamma), start[:, None])
        errors.append(abs(one_output(gamma, start) - law.times[0]) * law.growth[0])
        allowed.append(law.interplay[0] * law.times[0] * law.growth[0])
    np.testing.assert_allclose(fitted_order(scales, errors), 2 * (1 - 0.6), atol=0.01)
    assert (np.array(errors) / allowed < 1).all()
    assert (np.array(errors) / allowed > 0.1).all()  # an allowance, and not more than it takes


@pytest.mark.parametrize("seed", range(6))
def test_small_starts_take_their_steps_when_predicted_and_carry_along_what_is_predicted(seed):
    z = 3
    C, W0 = symmetric(-GAMMA, np.random.default_rng(seed)), small_start(z, 1e-6, seed)
    law = stepwise_law(C, W0)
    times = np.geomspace(0.5 * law.times.min(), 1.3 * law.times.max(), 150)
    W = integrated(C, W0, np.append(0, times))[1:]
    found = last_rise(times, np.maximum(moments(C, W), 0).T)
    assert (np.abs(found / np.sort(law.times) - 1) <= 1e-4 + law.interplay[np.argsort(law.times)]).all()
    leading = np.linalg.eigh(C)[1][:, :z]
    learned = GAMMA[:z] @ ((leading.T @ W[-1]) ** 2).sum(-1)
    assert moments(C, W[-1]).sum() - learned == pytest.approx(law.carried[-1], rel=0.2)


def test_what_the_first_step_has_carried_along_stays():
    gamma = np.array([1.0, 0.8, 0.3])
    law = stepwise_law(np.diag(-gamma), 1e-5 * np.array([[1.0, 0.0], [0.0, 1.0], [50.0, 0.0]]))
    share = 0.3 * 5e-4**2 * np.exp(8 * 0.3 * law.times[0])
    np.testing.assert_allclose(law.carried, share, rtol=1e-9)


def test_a_mode_grows_faster_by_what_an_earlier_step_has_carried_along():
    gamma, W0 = np.array([1.0, 0.3]), 1e-5 * np.array([[1.0, 0.0], [100.0, 1.0]])
    law = stepwise_law(np.diag(-gamma), W0)
    times = np.linspace(0.5, 1.1, 200) * law.times[1]
    W = integrated(np.diag(-gamma), W0, np.append(0, times))[1:]
    earlier = 1 - last_rise(times, np.maximum(moments(np.diag(-gamma), W), 0).T)[1] / law.times[1]
    share = law.carried[0]  # of the first step
    turning = share * (1 / 0.3 - 1) * (1 - law.times[0] / law.times[1])
    assert earlier == pytest.approx(turning, rel=0.1)
    assert law.interplay[1] == pytest.approx(turning + share / (2 * gamma[1] * law.times[1]), rel=1e-9)


def exact_allowance(gamma, X, k):
    """Interplay and carried share of step k from X = VᵀW(0), lower triangular, by the formulas in many digits."""
    with mpmath.workdps(60):
        g, x = [mpmath.mpf(float(value)) for value in gamma], mpmath.matrix(X.tolist())
        t = [mpmath.log(1 / (g[i] * x[i, i] ** 2) - 1) / (8 * g[i]) for i in range(k + 1)]

        def share(j, i):
            return abs(g[j]) * x[j, i] ** 2 * mpmath.exp(8 * g[j] * t[i])

        others = sum(share(j, i) for i in range(k + 1) for j in range(i + 1, len(g)))
        turned = sum(share(k, i) * (g[i] / g[k] - 1) * max(0, 1 - t[i] / t[k]) for i in range(k))
        carried = sum(share(j, i) for i in range(k + 1) for j in range(k + 1, len(g)))
        return float(others / (2 * g[k] * t[k]) + turned), float(carried)


@pytest.mark.parametrize(
    ("gamma", "scale"),
    [
        ([4.5, 3.0, 1.0, 0.5, 0.2], 1e-50),
        ([25.0, 5.0, 1.0, 0.2, 0.1], 1e-8),
        ([30.0, 1.0, 0.9, 0.5, -0.1], 1e-8),
        ([300.0, 30.0, 3.0, 0.3, 0.1, 0.0, -3.0], 1e-50),
    ],
)
def test_what_theory_allows_is_a_number_however_far_the_eigenvalues_are_apart(gamma, scale):
    random = np.random.default_rng(0)
    X = scale * np.tril(random.standard_normal((len(gamma), 4)))
    law = stepwise_law(-np.diag(gamma), X @ orthonormal(4, 4, random))
    expected = np.array([exact_allowance(gamma, X, k) for k in range(4)])
    np.testing.assert_allclose(law.interplay, expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(law.carried, expected[:, 1], rtol=1e-9)


@pytest.mark.parametrize(
    ("function", "change", "error", "message"),
    [
        (stepwise_law, {"C": np.diag(GAMMA)}, ValueError, "fewer than z = 2 eigenvalues of C are negative"),
        (stepwise_law, {"W0": np.eye(D)[:, :2]}, ValueError, "W0 is not small: .* reaches 2"),
        (stepwise_law, {"W0": 1e-3 * np.eye(D)[:, 3:5]}, Unsettled, "no component along a direction of the 2 leading"),
        (stepwise_law, {"W0": np.zeros((D, 2))}, Unsettled, "no component"),
        (stepwise_law, {"W0": 1e-3 * np.ones((D, 2))}, Unsettled, "no component"),
        (stepwise_law, {"W0": np.ones((D - 1, 2))}, ValueError, "W0 must have shape"),
        (stepwise_law, {"C": np.diag([-1, -1e-310, 0, 0, 0, 0])}, ValueError, "a time t_k overflows float64"),
        (stepwise_aligned_flow, {"C": 1e290 * np.eye(D), "sizes": [1e300]}, ValueError, r"s\(t\) overflows float64"),
        (stepwise_aligned_flow, {"sizes": [0.1, 0.0]}, ValueError, "sizes must be positive"),
        (stepwise_aligned_flow, {"sizes": np.ones(D + 1)}, ValueError, r"1 <= z <= d = 6; got \(7,\)"),
        (stepwise_aligned_flow, {"times": [1.0, 0.5]}, ValueError, "times must not decrease"),
    ],
)
def test_bad_input_is_refused_in_a_line(function, change, error, message):
    good = {"C": np.diag(-GAMMA)}
    good |= {"W0": small_start(2, 1e-3)} if function is stepwise_law else {"sizes": [0.1, 0.2], "times": TIMES}
    function(**good)
    with pytest.raises(error, match=message):
        function(**(good | change))


def data(seed=0, n=60):
    random = np.random.default_rng(seed)
    anchor = random.standard_normal((n, D)) * np.sqrt([2.0, 1.2, 0.7, 0.4, 0.2, 0.1])
    return Triplets(anchor, anchor + 0.3 * random.standard_normal((n, D)), random.standard_normal((n, D)))


@pytest.mark.parametrize("loss", ["contrastive", "non-contrastive"])
def test_gradient_on_the_triplets_is_that_of_the_form(loss):
    W = np.random.default_rng(1).standard_normal((3, D, 2))
    found = whitening_gradient(torch.from_numpy(W), pairs(data(), loss)).numpy()
    gamma = -form_of(data(), loss)
    np.testing.assert_allclose(found, 4 * gamma @ W @ (W.mT @ gamma @ W - np.eye(2)), rtol=1e-11, atol=1e-11)


def test_training_follows_the_flow_at_order_four_and_seeds_apart():
    C = form_of(data(), "non-contrastive")
    sizes = np.array([[0.1, 0.2], [0.3, 0.05]])
    start = np.stack([aligned_start(C, of_seed) for of_seed in sizes])
    times, counts = [0.0, 0.2, 0.5], np.array([48, 96, 192])
    runs = [train_stepwise(data(), start, "non-contrastive", largest_step=1 / n, times=times) for n in counts]
    exact = stepwise_aligned_flow(C, sizes, times)
    errors = [np.abs(np.linalg.norm(W, axis=-2) - exact).max() for W, _ in runs]
    assert fitted_order(1 / counts, errors) == pytest.approx(4, abs=0.2)
    W, found = runs[-1]
    np.testing.assert_allclose(found, -(W.mT @ C @ W), atol=1e-12)
    alone, _ = train_stepwise(data(), start[1:], "non-contrastive", largest_step=1 / counts[-1], times=times)
    np.testing.assert_allclose(W[1], alone[0], rtol=1e-12, atol=1e-14)


def test_trained_steps_of_starts_of_a_thousandth_come_when_predicted_where_they_stand_apart():
    """Within 2 %, from the largest start that a configuration may ask for: α = 1e−3, by which all times are set."""
    z, scale, random = 3, 1e-3, np.random.default_rng(0)
    anchor = random.standard_normal((200, D)) * np.sqrt([2.0, 0.5, 0.12, 0.02, 0.01, 0.01])
    triplets = Triplets(anchor, anchor + 0.02 * random.standard_normal((200, D)), np.zeros((200, D)))
    C = form_of(triplets, "non-contrastive")
    gamma = -np.linalg.eigvalsh(C)
    assert (gamma[1 : z + 1] < 0.35 * gamma[:z]).all()
    start = scale / np.sqrt(gamma[0]) * random.standard_normal((8, D, z))
    law = stepwise_law(C, start)
    order = np.argsort(law.times, axis=-1)
    due, interplay = (np.take_along_axis(of, order, -1) for of in (law.times, law.interplay))
    times = np.geomspace(0.5 * due.min(), 1.1 * due.max(), 80)
    _, M = train_stepwise(triplets, start, "non-contrastive", largest_step=0.5 / (8 * gamma[0]), times=times.tolist())
    found = last_rise(times, np.maximum(np.linalg.eigvalsh(M)[..., ::-1], 0).swapaxes(1, 2))
    apart = interplay <= RESOLVED
    assert apart.sum(0).min() >= 4  # of each step
    assert (np.abs(found / due - 1)[apart] <= 0.02).all()


def test_steps_that_are_too_large_and_times_that_do_not_increase_are_told():
    start = np.ones((1, D, 1))
    with pytest.raises(FloatingPointError, match="not finite: largest step 9"):
        train_stepwise(data(), start, "contrastive", largest_step=9.0, times=[90.0])
    with pytest.raises(ValueError, match="times must start at 0 or later and increase"):
        train_stepwise(data(), start, "contrastive", largest_step=0.1, times=[1.0, 1.0])


def test_what_later_steps_have_begun_is_allowed():
    curves = np.array([[[0.4, 0.0], [0.6, 0.1], [1.0, 0.8]]])
    unused = np.zeros((1, 2))
    solution = Solution(np.eye(2), np.ones(2), curves, {}, curves, unused, unused, unused, np.array([[0.02, 0.05]]))
    turn = turns(np.stack([np.diag(curve) for curve in curves[0]])[None])
    np.testing.assert_array_equal(turn, [[1, 2]])
    np.testing.assert_allclose(predicted_missed(turn, solution), [[0.12 / 0.7, 0.05 / 1.8]])


def steps(**columns):
    """Steps of two seeds, as predicted."""
    rows = pd.DataFrame({"seed": [0, 0, 1, 1], "step": [1.0, 2.0] * 2, "measured": 1.0, "predicted": 1.0})
    return rows.assign(interplay=0.0, missed=0.0, missed_predicted=0.0, end=2.0).assign(**columns)


def test_steps_are_judged_by_what_theory_allows_each():
    rows = steps(measured=[1.002, 1.0, 1.0, 1.004], interplay=[0.001, 0.0, 0.0, 0.007])
    np.testing.assert_allclose(step_time_error()(rows)(0), [1.0, 0.5])
    np.testing.assert_allclose(step_time_error()(steps())(0.01), 10)
    assert step_time_error()(steps(measured=[1.0, np.nan, 1.0, 1.0]))(0).tolist() == [np.inf, 0]
    rows = steps(missed=[0.01, 0.02, 0.0, 0.08], missed_predicted=[0.0, 0.0, 0.0, 0.035])
    np.testing.assert_allclose(missed_share("missed")(rows)(0), [2, 1])
    np.testing.assert_allclose(missed_share("missed")(steps())(0.02), 2)


@pytest.mark.parametrize("measure", [step_time_error(), missed_share("missed")])
def test_steps_that_are_not_taken_in_time_or_do_not_stand_apart_are_open(measure):
    with pytest.raises(Unsettled, match=r"step 2 is due at t = 3, and max_steps ends the training at 2"):
        measure(steps(predicted=[1.0, 3.0, 1.0, 1.0]))
    with pytest.raises(Unsettled, match="only 25% of the steps stand apart"):
        measure(steps(interplay=[0.0, 1.0, 1.0, 2 * RESOLVED]))
    measure(steps(interplay=[0.0, 0.0, 1.0, np.inf]))


def trained(folder, *, rate=1.0):
    """Files of what was trained, and of a theory whose form is wrong by a factor."""
    triplets, loss = data(), CELL["loss"]
    write_arrays(folder / "quadratic_form.npz", {"C": rate * form_of(triplets, loss)})
    write_arrays(folder / "triplets.npz", vars(triplets))
    stepwise = Stepwise(losses=[loss], dimensions=[3], scale=1e-6, step=1, checkpoints=30, max_steps=2000)
    solve(job(folder, SolveSettings(root_seed=1, seeds=3, dataset_name="d", dimension=3, stepwise=stepwise)))
    simulate(job(folder, TrainingSettings(loss=loss, device="cpu")))
    return folder


def job(folder, of):
    names = ("plan", "solution", "trajectories", "quadratic_form", "triplets")
    files = {name: [folder / f"{name}.npz"] for name in names}
    return Job(of, files, files, logging.getLogger("test"), "test")


def verdicts(monkeypatch, folder):
    """Of the claims, by the end of their names."""
    found = {}
    monkeypatch.setattr(comparison, "write_tables", lambda _, __, made: found.update(made))
    comparison.compare(job(folder, CompareSettings(dataset_name="d", loss=CELL["loss"], dimension=3)))
    assert len(found["stepwise_curves"]) == 3 * 3 * len(Design.load(folder / "plan.npz").times)
    tables = {("stepwise", name): table.assign(**CELL) for name, table in found.items()}
    return {claim.id.removeprefix("beyond-stepwise-"): judge_rows(claim, {claim.own_table: tables[claim.own_table]})
            for claim in CLAIMS}  # fmt: skip


def test_control_is_when_each_output_would_learn_a_mode_of_its_own(tmp_path):
    trained(tmp_path)
    C, small = form_of(data(), CELL["loss"]), Design.load(tmp_path / "plan.npz").small
    naive = Solution.load(tmp_path / "solution.npz").naive_times
    eigenvalues, V = np.linalg.eigh(C)
    sizes = np.abs(np.diagonal(V[:, :3].T @ small, axis1=-2, axis2=-1))
    for seed, k in np.ndindex(naive.shape):
        s = stepwise_aligned_flow(C, np.where(np.arange(3) == k, sizes[seed], 1e-9), [naive[seed, k]])[0, k]
        assert -eigenvalues[k] * s**2 == pytest.approx(0.5, rel=1e-6)


def test_claims_tell_what_is_wrong_by_less_than_two_percent_and_modes_in_another_order(monkeypatch, tmp_path):
    found = verdicts(monkeypatch, trained(tmp_path))
    assert {name: cell.verdict for name, cell in found.items()} == dict.fromkeys(("aligned", "times", "order"), "pass")
    assert max(cell.resolves for cell in found.values()) < 0.02
    solution = Solution.load(tmp_path / "solution.npz")
    exchanged = {"leading": solution.leading[:, [1, 0, 2]], "gamma": solution.gamma[[1, 0, 2]]}
    Solution(**(vars(solution) | exchanged)).save(tmp_path / "solution.npz")
    found = verdicts(monkeypatch, tmp_path)
    assert [found[name].verdict for name in ("times", "order")] == ["pass", "fail"]


@pytest.mark.parametrize("rate", [0.95, 1.05])
def test_claims_fail_at_a_rate_wrong_by_five_percent(monkeypatch, tmp_path, rate):
    assert {cell.verdict for cell in verdicts(monkeypatch, trained(tmp_path, rate=rate)).values()} == {"fail"}
