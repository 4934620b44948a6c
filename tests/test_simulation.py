import numpy as np
import pytest
import torch

from problems import orthonormal
from ssl_dynamics.analysis import fitted_order, projector_distance
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import (
    Euclidean,
    Grassmannian,
    OrthogonalIteration,
    Unretracted,
    geodesic,
    horizontal,
    polar_retraction,
    qr_retraction,
)
from ssl_dynamics.simulation.training import Run, loss_gradient, pairs, train, train_flow, train_side_by_side
from ssl_dynamics.theory import grassmann_flow, largest_riemannian_step, orthogonal_iteration, unconstrained_flow

LOSSES = ["contrastive", "non-contrastive"]


@pytest.fixture
def triplets():
    random = np.random.default_rng(0)
    anchor = random.standard_normal((40, 6)) * np.array([2.0, 1.5, 1.0, 0.7, 0.5, 0.3])
    return Triplets(anchor, anchor + 0.3 * random.standard_normal((40, 6)), anchor[random.permutation(40)])


def tensors(triplets):
    return [torch.from_numpy(part) for part in (triplets.anchor, triplets.positive, triplets.negative)]


def form(triplets, loss):
    negative = triplets.negative if loss == "contrastive" else None
    return quadratic_form(triplets.anchor, triplets.positive, negative, loss=loss)


@pytest.mark.parametrize("loss", LOSSES)
def test_loss_by_a_loop_over_the_triplets(triplets, loss):
    W = np.random.default_rng(1).standard_normal((6, 2))
    total = 0.0
    for x, x_positive, x_negative in zip(triplets.anchor, triplets.positive, triplets.negative, strict=True):
        u, u_positive, u_negative = W.T @ x, W.T @ x_positive, W.T @ x_negative
        total += u @ (u_negative - u_positive) if loss == "contrastive" else -u @ u_positive
    u = [part @ torch.from_numpy(W) for part in tensors(triplets)]
    assert float(loss_value(*u, loss)) == pytest.approx(total / 40)


@pytest.mark.parametrize("loss", LOSSES)
def test_loss_is_the_quadratic_form_and_its_gradient_twice_it(triplets, loss):
    W = np.random.default_rng(2).standard_normal((3, 6, 2))
    C = form(triplets, loss)
    u = [part @ torch.from_numpy(W) for part in tensors(triplets)]
    expected = np.einsum("sdz,de,sez->s", W, C, W)
    np.testing.assert_allclose(loss_value(*u, loss).numpy(), expected, rtol=1e-12)
    gradient = loss_gradient(torch.from_numpy(W), pairs(triplets, loss)).numpy()
    np.testing.assert_allclose(gradient, 2 * C @ W, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_pairs_have_the_gradient_of_the_loss_on_the_triplets(triplets, loss):
    W = torch.from_numpy(np.random.default_rng(2).standard_normal((3, 6, 2))).requires_grad_(True)
    of_triplets = torch.autograd.grad(loss_value(*[part @ W for part in tensors(triplets)], loss).sum(), W)[0]
    np.testing.assert_allclose(loss_gradient(W, pairs(triplets, loss)), of_triplets, rtol=1e-12, atol=1e-14)


def test_horizontal_directions_and_retraction():
    random = np.random.default_rng(3)
    W = torch.from_numpy(orthonormal(6, 2, random, 4) * np.array([1, -1]))  # of which QR would turn one or the other
    xi = horizontal(W, torch.from_numpy(random.standard_normal((4, 6, 2))))
    assert (W.mT @ xi).abs().max() < 1e-14
    step = qr_retraction(W, 1e-3 * xi)
    assert (step.weights.mT @ step.weights - torch.eye(2)).abs().max() < 1e-14
    # The retraction agrees with the straight line to first order.
    assert (step.weights - (W + 1e-3 * xi)).abs().max() < 1e-5


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("z", [1, 3])
def test_constrained_training_converges_to_the_flow_at_order_one(triplets, loss, z):
    C = form(triplets, loss)
    W0 = orthonormal(6, z, np.random.default_rng(4), 3)
    flow = grassmann_flow(C, W0, [0.0, 0.1, 0.2])
    steps = np.array([1e-2, 5e-3, 2.5e-3, 1.25e-3]) / 5
    errors = []
    for step in steps:
        checkpoints = [0, round(0.1 / step), round(0.2 / step)]
        run = train(triplets, W0, loss, Grassmannian(), learning_rate=step, checkpoints=checkpoints)
        errors.append(projector_distance(run.weights, flow).max())
        assert np.abs(run.weights.mT @ run.weights - np.eye(z)).max() < 1e-13
    assert fitted_order(steps, errors) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("z", [1, 3])
def test_runge_kutta_steps_converge_to_the_flow_at_order_four(triplets, loss, z):
    C, start = form(triplets, loss), np.stack([orthonormal(6, z, np.random.default_rng(seed)) for seed in range(2)])
    times, steps = np.array([0.0, 2.0, 4.0]) / np.linalg.norm(C, 2), np.array([0.2, 0.1, 0.05]) / np.linalg.norm(C, 2)
    runs = [train_flow(triplets, start, loss, largest_step=step, times=times) for step in steps]
    exact = np.stack([grassmann_flow(C, W, times) for W in start])
    errors = [projector_distance(run, exact)[:, 1:].max() for run in runs]
    np.testing.assert_array_equal(runs[0][:, 0], start)
    np.testing.assert_allclose(runs[0].mT @ runs[0], np.broadcast_to(np.eye(z), (2, 3, z, z)), atol=1e-14)
    assert fitted_order(steps, errors) == pytest.approx(4, abs=0.3)
    for wrong in ([0.0, 0.3, 0.3], [-1.0, 0.0]):
        with pytest.raises(ValueError, match="times must start at 0 or later and increase"):
            train_flow(triplets, start, loss, largest_step=0.1, times=wrong)


def test_horizontal_steps_leave_the_manifold_to_second_order_only(triplets):
    W0 = orthonormal(6, 2, np.random.default_rng(5), 3)
    steps = np.array([1e-2, 5e-3, 2.5e-3])
    runs = [train(triplets, W0, "contrastive", Grassmannian(), learning_rate=s, checkpoints=[0]) for s in steps]
    assert fitted_order(steps, [r.retraction_defect.max() for r in runs]) == pytest.approx(2, abs=0.02)
    assert fitted_order(steps, [r.euclidean_defect.max() for r in runs]) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("loss", LOSSES)
def test_unconstrained_training_converges_to_the_flow_at_order_one(triplets, loss):
    W0 = orthonormal(6, 2, np.random.default_rng(6), 3)
    flow = unconstrained_flow(form(triplets, loss), W0, [0.1, 0.2])
    steps = np.array([1e-2, 5e-3, 2.5e-3]) / 10
    errors = []
    for step in steps:
        run = train(
            triplets, W0, loss, Euclidean(), learning_rate=step, checkpoints=[round(0.1 / step), round(0.2 / step)]
        )
        weights = run.weights * np.exp(run.log_scale)[..., None, None]
        errors.append(np.abs(weights - flow).max())
    assert fitted_order(steps, errors) == pytest.approx(1, abs=0.05)


def test_checkpoints_change_nothing_though_unconstrained_weights_are_rescaled_there(triplets):
    W0 = orthonormal(6, 2, np.random.default_rng(7), 2)
    ends = []
    for checkpoints in ([300], [0, 10, 17, 100, 300]):
        run = train(triplets, W0, "contrastive", Euclidean(), learning_rate=0.05, checkpoints=checkpoints)
        ends.append(
            (run.weights[:, -1] / np.linalg.norm(run.weights[:, -1], axis=(1, 2), keepdims=True), run.log_scale, run)
        )
    np.testing.assert_allclose(ends[0][0], ends[1][0], atol=1e-12)
    scale = [np.log(np.linalg.norm(run.weights[:, -1], axis=(1, 2))) + log[:, -1] for _, log, run in ends]
    np.testing.assert_allclose(scale[0], scale[1], rtol=1e-12)


def test_seeds_do_not_see_each_other(triplets):
    W0 = orthonormal(6, 2, np.random.default_rng(8), 3)
    options = {"learning_rate": 0.01, "checkpoints": [0, 20]}
    together = train(triplets, W0, "contrastive", Grassmannian(), **options)
    alone = train(triplets, W0[1:2], "contrastive", Grassmannian(), **options)
    np.testing.assert_allclose(together.weights[1:2], alone.weights, atol=1e-13)


def test_runs_side_by_side_are_the_runs_alone_in_their_order(triplets):
    W0 = orthonormal(6, 2, np.random.default_rng(10), 2)
    runs = [
        Run(Grassmannian(), 0.02, [0, 3]),
        Run(Euclidean(), 0.05, [2, 11]),
        Run(OrthogonalIteration(), 0.01, [0]),
        Run(Grassmannian(), 0.01, [4, 6, 30]),
    ]
    steps = []
    together = train_side_by_side(triplets, W0, "contrastive", runs, on_step=steps.append)
    assert sorted(steps) == sorted(k for run in runs for k in range(1, run.checkpoints[-1] + 1))
    for run, found in zip(runs, together, strict=True):
        options = {"learning_rate": run.learning_rate, "checkpoints": run.checkpoints}
        alone = train(triplets, W0, "contrastive", run.manifold, **options)
        for part, expected in vars(alone).items():
            np.testing.assert_allclose(getattr(found, part), expected, rtol=1e-13, atol=1e-15)


def test_runaway_training_is_an_error_and_no_result(triplets):
    W0 = orthonormal(6, 2, np.random.default_rng(9), 1)
    with pytest.raises(FloatingPointError, match="not finite after step 200: learning rate 1e\\+05"):
        train(triplets, W0, "contrastive", Euclidean(), learning_rate=1e5, checkpoints=[0, 200])


def test_every_step_is_announced(triplets):
    seen = []
    W0 = orthonormal(6, 1, np.random.default_rng(9), 1)
    train(triplets, W0, "contrastive", Euclidean(), learning_rate=0.01, checkpoints=[0, 2, 5], on_step=seen.append)
    assert seen == [1, 2, 3, 4, 5]


# --- other retractions


RETRACTIONS = {"qr": qr_retraction, "polar": polar_retraction, "geodesic": geodesic}


def horizontal_problem(seed=0):
    random = np.random.default_rng(seed)
    W = torch.from_numpy(orthonormal(7, 3, random, 2))
    return W, horizontal(W, torch.from_numpy(random.standard_normal((2, 7, 3))))


def span_distance(A, B):
    return projector_distance(A.numpy(), B.numpy()).max()


def exponential(W, xi):
    """span exp([ξWᵀ − Wξᵀ]) W: the geodesic on the Grassmannian by the matrix exponential."""
    return torch.linalg.matrix_exp(xi @ W.mT - W @ xi.mT) @ W


@pytest.mark.parametrize("name", RETRACTIONS)
def test_retraction_is_orthonormal_and_starts_at_the_point(name):
    W, xi = horizontal_problem()
    moved = RETRACTIONS[name](W, xi).weights
    assert (moved.mT @ moved - torch.eye(3)).abs().max() < 1e-14
    assert span_distance(RETRACTIONS[name](W, 0 * xi).weights, W) < 1e-15


def test_geodesic_is_the_exponential_map():
    W, xi = horizontal_problem()
    assert span_distance(geodesic(W, xi).weights, exponential(W, xi)) < 1e-13


@pytest.mark.parametrize("name", ["qr", "polar"])
def test_qr_and_polar_agree_with_the_geodesic_up_to_third_order(name):
    W, xi = horizontal_problem()
    sizes = np.array([0.1, 0.05, 0.025])
    errors = [span_distance(RETRACTIONS[name](W, s * xi).weights, geodesic(W, s * xi).weights) for s in sizes]
    assert fitted_order(sizes, errors) == pytest.approx(3, abs=0.1)


def test_qr_and_polar_give_the_same_subspace():
    W, xi = horizontal_problem()
    assert span_distance(qr_retraction(W, xi).weights, polar_retraction(W, xi).weights) < 1e-14


def test_polar_is_the_nearest_orthonormal_matrix():
    W, xi = horizontal_problem()
    polar = polar_retraction(W, xi).weights
    other = torch.from_numpy(orthonormal(7, 3, np.random.default_rng(1), 200))
    distance = torch.linalg.matrix_norm(W[0] + xi[0] - polar[0])
    assert (torch.linalg.matrix_norm(W[0] + xi[0] - other) > distance).all()
    assert distance < torch.linalg.matrix_norm(W[0] + xi[0] - qr_retraction(W, xi).weights[0])


def test_defect_of_polar_and_geodesic():
    W, xi = horizontal_problem()
    sizes = np.array([0.02, 0.01, 0.005])
    assert fitted_order(sizes, [polar_retraction(W, s * xi).retraction_defect.max() for s in sizes]) == pytest.approx(
        2, abs=0.01
    )
    assert (geodesic(W, xi).retraction_defect == 0).all()


@pytest.mark.parametrize("retraction", [polar_retraction, geodesic])
def test_training_with_another_retraction_converges_at_order_one(triplets, retraction):
    W0 = orthonormal(6, 2, np.random.default_rng(4), 3)
    flow = grassmann_flow(form(triplets, "contrastive"), W0, [0.1, 0.2])
    steps = np.array([1e-2, 5e-3, 2.5e-3]) / 5
    errors = []
    for step in steps:
        run = train(
            triplets,
            W0,
            "contrastive",
            Grassmannian(retraction),
            learning_rate=step,
            checkpoints=[round(0.1 / step), round(0.2 / step)],
        )
        errors.append(projector_distance(run.weights, flow).max())
    assert fitted_order(steps, errors) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("loss", LOSSES)
def test_euclidean_gradient_and_qr_is_orthogonal_iteration(triplets, loss):
    W0 = orthonormal(6, 2, np.random.default_rng(4), 3)
    checkpoints = [0, 1, 10, 1000]
    run = train(triplets, W0, loss, OrthogonalIteration(), learning_rate=0.05, checkpoints=checkpoints)
    exact = orthogonal_iteration(form(triplets, loss), W0, 0.05, checkpoints)
    assert projector_distance(run.weights, exact).max() < 1e-11


def test_unretracted_steps_drift_off_the_manifold_at_order_one(triplets):
    W0 = orthonormal(6, 2, np.random.default_rng(4), 3)
    rates = np.array([0.02, 0.01, 0.005])
    drift = {}
    for manifold in (Grassmannian(), Unretracted()):
        runs = [
            train(triplets, W0, "contrastive", manifold, learning_rate=rate, checkpoints=[round(1 / rate)])
            for rate in rates
        ]
        drift[type(manifold)] = [np.abs(run.weights.mT @ run.weights - np.eye(2)).max() for run in runs]
    assert max(drift[Grassmannian]) < 1e-14
    # Every step adds η²ξᵀξ to WᵀW, and there are 1/η of them.
    assert fitted_order(rates, drift[Unretracted]) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("factor", "converges"), [(0.95, True), (1.05, False)])
def test_riemannian_steps_converge_up_to_the_largest_step_and_no_farther(triplets, factor, converges):
    C = form(triplets, "contrastive")
    W0 = orthonormal(6, 2, np.random.default_rng(4), 3)
    rate = factor * largest_riemannian_step(C)
    end = train(triplets, W0, "contrastive", Grassmannian(), learning_rate=rate, checkpoints=[600]).weights[:, 0]
    rest = np.linalg.norm(C @ end - end @ (end.mT @ C @ end), axis=(1, 2))
    assert (rest < 1e-10).all() if converges else (rest > 1e-2).all()


@pytest.mark.parametrize("factor", [1.01, 1.2])
def test_beyond_the_limit_riemannian_steps_end_in_an_orbit_of_period_two(triplets, factor):
    C = form(triplets, "contrastive")
    W0 = orthonormal(6, 2, np.random.default_rng(4), 3)
    rate = factor * largest_riemannian_step(C)
    ends = train(
        triplets, W0, "contrastive", Grassmannian(), learning_rate=rate, checkpoints=[3000, 3001, 3002]
    ).weights
    parts = np.linalg.norm(ends.mT @ np.linalg.eigh(C)[1][:, -1], axis=-1)
    np.testing.assert_allclose(parts, np.sin(np.arccos(1 / factor) / 2), rtol=1e-8)
    assert (projector_distance(ends[:, 0], ends[:, 2]) < 1e-8).all()
    assert (projector_distance(ends[:, 0], ends[:, 1]) > 0.05).all()
