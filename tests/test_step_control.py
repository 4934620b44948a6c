"""Finest step sizes that follow from C and W(0): what they keep errors of trained weights to."""

import numpy as np
import pytest

from problems import orthonormal
from ssl_dynamics.analysis import combined_projector_norm, principal_angles
from ssl_dynamics.experiments.dynamics.config import ARRIVED, ONCE_ALLOWED, SAME_SPAN, SHARE, TWICE_ALLOWED
from ssl_dynamics.experiments.dynamics.step_control import finest_step, riemannian_descent, suited
from ssl_dynamics.experiments.kernel.solve import curve_error
from ssl_dynamics.problem import coupling_matrix, quadratic_form
from ssl_dynamics.problem.schedule import make_schedule, refined, transient_schedule
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained
from ssl_dynamics.simulation.functions import train_triplet_functions
from ssl_dynamics.simulation.manifolds import Euclidean
from ssl_dynamics.simulation.manifolds import Grassmannian as Constrained
from ssl_dynamics.simulation.training import train
from ssl_dynamics.tables import log_ratio, projector_table
from ssl_dynamics.theory import grassmann_flow, log_singular_values
from ssl_dynamics.theory.kernel import reduced_kernel_flow

SLOW = Grassmannian(
    finest_step=0.01, levels=5, checkpoints=16, max_steps=100_000, transient=16, convergence=16, late_checkpoints=4
)
FREE = Unconstrained(finest_step=0.018, levels=3, checkpoints=30, max_steps=100_000)


@pytest.fixture(scope="module")
def triplets():
    random = np.random.default_rng(5)
    sizes = np.geomspace(1, 0.2, 8)
    anchor = random.standard_normal((60, 8)) * sizes
    others = 0.2 * random.standard_normal((60, 8)) * sizes
    return Triplets(anchor, anchor + 0.1 * random.standard_normal((60, 8)), others)


def form(triplets):
    return quadratic_form(triplets.anchor, triplets.positive, triplets.negative, loss="contrastive")


def start_at(C, z, smallest, *, seeds=3):
    """Starts of which span(v_1 … v_z) sees no more than `smallest` of the last column."""
    V = np.linalg.eigh(C)[1]
    X = orthonormal(len(C), z, np.random.default_rng(3), seeds)
    X[:, :z, -1] *= smallest
    return np.linalg.qr(V @ X)[0]


def errors(trained, flow, schedule):
    table = projector_table(trained, flow, {}, schedule.times[: flow.shape[1]], schedule.learning_rates)
    return table[table["learning_rate"] == schedule.learning_rates[0]].groupby("extrapolations")["error"].max()


def trained_on(triplets, start, manifold, schedule):
    return [
        train(
            triplets, start, "contrastive", manifold, learning_rate=float(rate), checkpoints=schedule.checkpoints(level)
        ).weights
        for level, rate in enumerate(schedule.learning_rates)
    ]


def test_the_trial_takes_the_steps_that_training_takes(triplets):
    C = form(triplets)
    eigenvalues, V = np.linalg.eigh(C)
    start = orthonormal(8, 3, np.random.default_rng(0), 2)
    rate, steps = 0.1 / np.abs(eigenvalues).max(), [0, 1, 7, 40]
    W = train(triplets, start, "contrastive", Constrained(), learning_rate=rate, checkpoints=steps).weights
    Y = V @ riemannian_descent(eigenvalues, V.T @ start, rate, steps)
    np.testing.assert_allclose(Y @ Y.mT, W @ W.mT, atol=1e-13)


@pytest.mark.parametrize("smallest", [1e-2, 1e-3])
def test_constrained_training_errs_by_the_share_that_was_asked_for(triplets, smallest):
    C = form(triplets)
    eigenvalues, start = np.linalg.eigvalsh(C), start_at(C, 2, smallest)
    finest = finest_step(C, start, SLOW)
    assert finest < SLOW.finest_step
    schedule = transient_schedule(eigenvalues, SLOW.model_copy(update={"finest_step": finest}))
    measured = errors(
        trained_on(triplets, start, Constrained(), schedule), grassmann_flow(C, start, schedule.times), schedule
    )
    shares = np.array([measured[1] / ONCE_ALLOWED, measured[2] / TWICE_ALLOWED])
    assert shares.max() == pytest.approx(SHARE, rel=0.2)  # the trial takes larger steps, with errors of the next order


def test_unconstrained_training_errs_by_the_share_that_was_asked_for(triplets):
    C = form(triplets)
    eigenvalues, start = np.linalg.eigvalsh(C), start_at(C, 2, 1e-2)
    finest = finest_step(C, start, FREE)
    assert finest < FREE.finest_step
    schedule = make_schedule(eigenvalues, 2, FREE.model_copy(update={"finest_step": finest}))
    logs = log_singular_values(C, start, schedule.times)
    told = logs[..., 1] - logs[..., 0] > np.log(1e-8)
    spans = [np.linalg.qr(W)[0] for W in trained_on(triplets, start, Euclidean(), schedule)]
    flow = grassmann_flow(C, start, schedule.times)
    twice = combined_projector_norm([*spans, flow], [8 / 3, -2, 1 / 3, -1])
    assert twice[told].max() == pytest.approx(SHARE * SAME_SPAN, rel=0.2)


def test_a_start_near_the_limit_leaves_the_step_size_alone(triplets):
    C = form(triplets)
    start = np.linalg.eigh(C)[1][:, :2] + 1e-3 * np.random.default_rng(1).standard_normal((3, 8, 2))
    for dynamics in (SLOW, FREE):
        assert finest_step(C, np.linalg.qr(start)[0], dynamics) == dynamics.finest_step


def test_curves_on_a_kernel_err_by_what_the_design_expects():
    random = np.random.default_rng(2)
    X = random.standard_normal((30, 6))
    K, A = X @ X.T / 6, coupling_matrix(10, loss="contrastive")
    flow = reduced_kernel_flow(K, A, X @ random.standard_normal((2, 6, 2)))
    start = flow.L @ flow.B0
    schedule = make_schedule(np.linalg.eigvalsh(flow.form), 2, FREE.model_copy(update={"finest_step": 0.03}))
    runs = []
    for level, rate in enumerate(schedule.learning_rates):
        run = train_triplet_functions(
            K,
            start,
            "contrastive",
            learning_rate=float(rate),
            checkpoints=schedule.checkpoints(level),
            decay=np.zeros(2),
        )
        runs.append(log_ratio(np.log(np.linalg.svd(run.functions, compute_uv=False))))
    curve = log_ratio(log_singular_values(flow.form, flow.B0, schedule.times, through=flow.L))
    twice = (8 * runs[0] - 6 * runs[1] + runs[2]) / 3
    measured = (np.abs(twice - curve).max(-1) / np.ptp(curve, axis=-1)).max()
    assert curve_error(flow, schedule) == pytest.approx(measured, rel=1e-3)


@pytest.mark.parametrize(
    ("errors", "share"),
    [
        ({2: 0.5, 3: 1.0}, 1),  # all within what is allowed
        ({2: 9.0, 3: 0.1}, 1 / 3),
        ({2: 4.0, 3: 64.0}, 1 / 4),  # each order by its own power, the smaller step of both
        ({3: np.nan}, 1),
    ],
)
def test_step_sizes_shrink_by_the_order_of_the_error(errors, share):
    schedule = make_schedule(np.array([-3.0, -1.0, 0.0, 1.0]), 1, FREE)
    assert refined(schedule, FREE, errors) == pytest.approx(share * FREE.finest_step)


def test_steps_are_no_finer_than_the_budget_allows():
    eigenvalues = np.array([-3.0, -1.0, 0.0, 1.0])
    schedule = make_schedule(eigenvalues, 1, FREE)
    tight = FREE.model_copy(update={"max_steps": 2 * schedule.total_steps})
    assert refined(schedule, tight, {3: 1e6}) == pytest.approx(FREE.finest_step / 2)
    finer = make_schedule(eigenvalues, 1, tight.model_copy(update={"finest_step": FREE.finest_step / 2}))
    assert finer.times[-1] == pytest.approx(schedule.times[-1], rel=0.02)
    spent = FREE.model_copy(update={"max_steps": schedule.total_steps // 2})
    assert refined(make_schedule(eigenvalues, 1, spent), spent, {3: 1e6}) <= FREE.finest_step


def test_training_goes_on_until_the_latest_start_has_arrived(triplets):
    # With z > 1 steps of Riemannian descent leave a saddle by themselves: its span is not kept to order η².
    C = form(triplets)
    eigenvalues, V = np.linalg.eigh(C)
    near, far = (start_at(C, 1, smallest) for smallest in (1.0, 1e-11))
    assert suited(C, near, SLOW).convergence == SLOW.convergence
    both = np.concatenate([near, far[:1]])
    schedule = make_schedule(eigenvalues, 1, suited(C, both, SLOW))
    W = trained_on(triplets, both, Constrained(), schedule)[0][:, -1]
    (late,) = train(
        triplets,
        W,
        "contrastive",
        Constrained(),
        learning_rate=float(schedule.learning_rates[-1]),
        checkpoints=schedule.late_checkpoints()[-1:],
    ).weights.swapaxes(0, 1)
    assert np.tan(principal_angles(late, V[:, :1])).max() < ARRIVED
