"""Two-layer nets: starts, layers trained by automatic differentiation, equations, and the claims on their width."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from problems import flow_problems, judge_rows, orthonormal, symmetric
from ssl_dynamics.analysis import fitted_order, projector_distance
from ssl_dynamics.claims.measures import trajectories as measures
from ssl_dynamics.experiments.widths.claims import CLAIMS
from ssl_dynamics.experiments.widths.compare.narrow import error_table, vertex
from ssl_dynamics.experiments.widths.config import SPEEDS, Narrow
from ssl_dynamics.experiments.widths.design import NarrowDesign, NarrowSolution, Trajectories
from ssl_dynamics.experiments.widths.solve.narrow import flow_at_speeds
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.levels import FAR_RATES
from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.problem.schedule import transient_schedule
from ssl_dynamics.problem.starts.layers import narrow_layers, wide_layers, wide_starts
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.layers import (
    LowRank,
    Net,
    layer_gradients,
    retract_low_rank,
    riemannian_gradient,
    train_layers,
)
from ssl_dynamics.simulation.manifolds import horizontal, qr_retraction
from ssl_dynamics.simulation.training import pairs
from ssl_dynamics.theory import (
    full_width_speed,
    grassmann_flow,
    integrate_narrow_layers,
    integrate_wide_layers,
    wide_two_layer_flow,
)

D, Z, SEEDS = 6, 2, 3
TIMES = np.array([0.0, 0.05, 0.3, 1.0])
LOSSES = ["contrastive", "non-contrastive"]
METRICS = ["grassmann", "stiefel", "canonical"]


@pytest.fixture
def triplets():
    random = np.random.default_rng(0)
    anchor = random.standard_normal((40, D)) * np.array([2.0, 1.5, 1.0, 0.7, 0.5, 0.3])
    return Triplets(anchor, anchor + 0.3 * random.standard_normal((40, D)), anchor[random.permutation(40)])


def tensors(triplets):
    return [torch.from_numpy(part) for part in (triplets.anchor, triplets.positive, triplets.negative)]


def form(triplets, loss="contrastive"):
    negative = triplets.negative if loss == "contrastive" else None
    return quadratic_form(triplets.anchor, triplets.positive, negative, loss=loss)


def net(width, metric="grassmann", z=Z):
    """A narrow net (width <= D) or a wide one, its start W(0) the same at every narrow width."""
    if width <= D:
        start = orthonormal(D, z, np.random.default_rng(4), SEEDS)
        first, second = narrow_layers(start, width, root_seed=0, name="test")
    else:
        first, second = wide_layers(D, z, width, seeds=SEEDS, root_seed=0, name="test")
    return Net(torch.from_numpy(first), torch.from_numpy(second), width > D, metric)


def is_orthonormal(W):
    return np.abs(W.mT @ W - np.eye(W.shape[-1])).max() < 1e-12


@pytest.mark.parametrize("width", range(Z, D + 1))
def test_narrow_starts_have_orthonormal_layers_and_the_same_product(width):
    start = orthonormal(D, Z, np.random.default_rng(4), SEEDS) * np.array([1, -1])  # QR turns one column or the other
    first, second = narrow_layers(start, width, root_seed=0, name="test")
    assert first.shape == (SEEDS, D, width)
    assert is_orthonormal(first)
    assert is_orthonormal(second)
    np.testing.assert_allclose(first @ second, start, atol=1e-14)
    fewer = narrow_layers(start[:1], width, root_seed=0, name="test")
    np.testing.assert_allclose(fewer[0], first[:1], atol=1e-14)  # a seed does not depend on the others


@pytest.mark.parametrize("width", [D, D + 1, 4 * D])
def test_wide_starts_have_unit_singular_values_where_there_is_no_room(width):
    V, second = wide_layers(D, Z, width, seeds=SEEDS, root_seed=0, name="test")
    assert is_orthonormal(V)
    assert is_orthonormal(second)
    for W in (V.mT @ second, wide_starts(D, Z, width, draws=2, seeds=SEEDS, root_seed=0, name="test")):
        values = np.linalg.svd(W, compute_uv=False)
        assert values.max() <= 1 + 1e-12
        assert (np.isclose(values, 1).sum(-1) == max(D + Z - width, 0)).all()


def test_start_without_the_layer_has_the_distribution_of_the_start_with_it():
    V, second = wide_layers(D, 1, 12, seeds=4000, root_seed=0, name="test")
    for W in (V.mT @ second, wide_starts(D, 1, 12, draws=4000, seeds=1, root_seed=0, name="test")[0]):
        squares = (W[..., 0] ** 2).sum(-1)  # Beta(d/2, (h − d)/2)
        assert squares.mean() == pytest.approx(0.5, abs=0.01)
        assert squares.var() == pytest.approx(0.25 / 7, rel=0.1)


@pytest.mark.parametrize("width", [Z - 1, D + 1])
def test_narrow_width_out_of_range(width):
    with pytest.raises(ValueError, match=f"between z = 2 and d = 6; got {width}"):
        narrow_layers(orthonormal(D, Z, np.random.default_rng(0), 1), width, root_seed=0, name="test")


def test_wide_width_out_of_range():
    for function, options in ((wide_layers, {}), (wide_starts, {"draws": 1})):
        with pytest.raises(ValueError, match="at least d = 6; got 5"):
            function(D, Z, 5, seeds=1, root_seed=0, name="test", **options)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("width", [2, 4, 6, 15])
def test_gradients_are_those_of_a_loss_that_goes_through_the_hidden_layer(triplets, width, loss):
    nets = [net(width), net(3)]
    (first, second), _ = layer_gradients(nets, pairs(triplets, loss))
    layers = [part.clone().requires_grad_(True) for part in (nets[0].first, nets[0].second)]
    hidden = [x @ (layers[0].mT if width > D else layers[0]) for x in tensors(triplets)]
    total = loss_value(*[part @ layers[1] for part in hidden], loss).sum()
    expected = torch.autograd.grad(total, layers)
    for gradient, dense in zip((first, second), expected, strict=True):
        assert (gradient.left @ gradient.right.mT - dense).abs().max() < 1e-13


@pytest.mark.parametrize("metric", METRICS)
def test_low_rank_formulas_are_those_of_full_matrices(metric):
    random = np.random.default_rng(5)
    W = torch.from_numpy(orthonormal(9, 5, random, 2))
    gradient = LowRank(*(torch.from_numpy(random.standard_normal((2, k, 2))) for k in (9, 5)))
    dense = gradient.left @ gradient.right.mT
    symmetric_part = (W.mT @ dense + dense.mT @ W) / 2
    expected = {
        "grassmann": horizontal(W, dense),
        "stiefel": dense - W @ symmetric_part,
        "canonical": dense - W @ dense.mT @ W,
    }[metric]
    xi = riemannian_gradient(W, gradient, metric)
    full = xi.left @ xi.right.mT
    assert (full - expected).abs().max() < 1e-13
    tangent = W.mT @ full + full.mT @ W
    assert tangent.abs().max() < 1e-13
    moved = retract_low_rank(W, LowRank(1e-2 * xi.left, xi.right))
    assert is_orthonormal(moved.numpy())
    assert projector_distance(moved.numpy(), qr_retraction(W, 1e-2 * full).weights.numpy()).max() < 1e-13
    assert (moved - W - 1e-2 * full).abs().max() < 2e-2 * full.abs().max()


def errors(triplets, width, metric, flow, *, steps, loss="contrastive", z=Z):
    """Largest error over the trajectory, seeds and steps (k,), of projectors (narrow) or matrices (wide)."""
    result = []
    for step in steps:
        checkpoints = [0, round(0.1 / step), round(0.2 / step)]
        (run,) = train_layers(triplets, [net(width, metric, z)], loss, learning_rate=step, checkpoints=checkpoints)
        assert run.orthonormality.max() < 1e-12
        apart = (
            np.linalg.norm(run.weights - flow, axis=(-2, -1)) if width > D else projector_distance(run.weights, flow)
        )
        result.append(apart.max())
    return result


STEPS = np.array([4e-3, 2e-3, 1e-3])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("width", [2, 3, 4, 5, 6])
def test_narrow_nets_converge_to_the_closed_form_at_order_one_at_every_width(triplets, width, loss):
    start = net(width).end_to_end.numpy()
    flow = grassmann_flow(form(triplets, loss), start, [0, 0.1, 0.2])
    measured = errors(triplets, width, "grassmann", flow, steps=STEPS, loss=loss)
    assert fitted_order(STEPS, measured) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("metric", "width", "speed"),
    [("stiefel", 2, 1), ("canonical", 2, 1), ("stiefel", 6, 1.5), ("canonical", 6, 2)],
)
def test_stiefel_nets_have_the_predicted_speed_and_no_other(triplets, metric, width, speed):
    assert width < D or full_width_speed(metric) == speed
    start, times = net(width).end_to_end.numpy(), np.array([0, 0.1, 0.2])
    for c in (1, 1.5, 2):
        flow = grassmann_flow(form(triplets), start, c * times)
        order = fitted_order(STEPS, errors(triplets, width, metric, flow, steps=STEPS))
        assert order == pytest.approx(1, abs=0.05) if c == speed else order < 0.5


@pytest.mark.parametrize("z", [1, 2])
@pytest.mark.parametrize("width", [7, 12, 24])
def test_wide_nets_converge_to_the_equation_at_order_one_at_every_width(triplets, width, z):
    flow = wide_two_layer_flow(form(triplets), net(width, z=z).end_to_end.numpy(), [0, 0.1, 0.2])
    measured = errors(triplets, width, "grassmann", flow, steps=STEPS / 2, z=z)
    assert fitted_order(STEPS, measured) == pytest.approx(1, abs=0.05)


def test_nets_trained_side_by_side_do_not_see_each_other(triplets):
    options = {"learning_rate": 0.01, "checkpoints": [0, 20]}
    nets = [net(3), net(6, "stiefel"), net(4, "canonical")]
    together = train_layers(triplets, nets, "contrastive", **options)
    for alone, run in zip(nets, together, strict=True):
        (single,) = train_layers(triplets, [alone], "contrastive", **options)
        np.testing.assert_allclose(run.weights, single.weights, atol=1e-12)


def test_weights_that_are_not_finite_are_an_error(triplets):
    broken = Net(torch.full((1, D, 3), torch.inf, dtype=torch.float64), torch.ones(1, 3, 2).double(), False, "stiefel")
    with pytest.raises(ValueError, match="first holds 18 values that are not finite"):
        train_layers(triplets, [broken], "contrastive", learning_rate=0.1, checkpoints=[0])


@given(flow_problems(), st.data())
@settings(max_examples=25, deadline=None)
def test_integrated_narrow_layers_follow_the_closed_form(problem, data):
    C, W0 = problem
    d, z = W0.shape
    width = data.draw(st.integers(z, d))
    first, second = narrow_layers(W0[None], width, root_seed=0, name="test")
    measured = integrate_narrow_layers(C, first, second, TIMES)
    assert measured.shape == (1, len(TIMES), d, z)
    assert projector_distance(measured, grassmann_flow(C, W0, TIMES)).max() < 1e-8


@pytest.mark.parametrize("z", [1, 3])
@pytest.mark.parametrize("width", [5, 6, 20])
def test_integrated_wide_layers_follow_the_equation(width, z):
    C = symmetric(np.random.default_rng(1).standard_normal(5), np.random.default_rng(2))
    V, second = wide_layers(5, z, width, seeds=2, root_seed=0, name="test")
    flow = wide_two_layer_flow(C, V.mT @ second, TIMES)
    np.testing.assert_allclose(integrate_wide_layers(C, V, second, TIMES), flow, atol=1e-9)


@pytest.mark.parametrize(
    ("function", "first", "second", "message"),
    [
        (integrate_narrow_layers, np.eye(4)[:, :2], np.eye(2), r"first must have shape .* d = 3 .* got \(4, 2\)"),
        (integrate_narrow_layers, np.eye(3)[:, :2], np.eye(3), r"second must have shape .* h = 2 .* got \(3, 3\)"),
        (integrate_narrow_layers, 2 * np.eye(3), np.eye(3), "first must have orthonormal columns"),
        (integrate_wide_layers, np.eye(4)[:, :2], np.eye(4), r"first must have shape .* d = 3; got \(4, 2\)"),
        (integrate_wide_layers, np.eye(4)[:, :3], np.eye(3), r"first must have shape .* h = 3 .* got \(4, 3\)"),
        (integrate_wide_layers, np.eye(4)[:, :3], np.ones(3), r"first must have shape .*; got \(4, 3\)"),
        (integrate_wide_layers, np.eye(4)[:, :3], 2 * np.eye(4), "second must have orthonormal columns"),
    ],
)
def test_layers_of_wrong_shape_or_value(function, first, second, message):
    with pytest.raises(ValueError, match=message):
        function(np.eye(3), first, second, [0.0])


def test_transient_schedule_ends_with_the_transient_and_refuses_a_flat_loss():
    narrow = Narrow(
        losses=["contrastive"], dimensions=[2], finest_step=0.01, levels=3, checkpoints=5, transient=8,
        components=3, integrated_numbers=1, widths=4,
    )  # fmt: skip
    schedule = transient_schedule(np.array([-4.0, 0.0, 1.0]), narrow)
    assert schedule.times[-1] == pytest.approx(2)
    assert schedule.late_checkpoints() == []
    with pytest.raises(ValueError, match="C is zero"):
        transient_schedule(np.zeros(3), narrow)


def test_vertex_of_a_parabola():
    x = np.arange(16, 45) / 20
    y = (x - np.array([1.512, 0.7, 2.5])[:, None]) ** 2 + 0.1  # beyond the grid: its nearest ends
    np.testing.assert_allclose(vertex(x, y), [1.512, 0.8, 2.2])


def test_order_deviation_takes_the_worst_net_and_leaves_out_what_is_not_predicted():
    rates = [0.01, 0.02, 0.04]
    rows = [
        {"seed": s, "width": w, "learning_rate": r, "extrapolations": 0, "error": r**p, "time": 0.0}
        for s in (0, 1)
        for w, p in ((2, 1.0), (4, 0.9 if s else 1.02))
        for r in rates
    ]
    frame = pd.DataFrame(rows)
    np.testing.assert_allclose(measures.order_deviation("error", nets=["width"])(frame), [0.02, 0.1])
    for curved in (frame["error"] * (1 + 3 * frame["learning_rate"]), frame["error"] * np.exp(frame["learning_rate"])):
        found = measures.order_deviation("error", nets=["width"])(frame.assign(error=curved))
        np.testing.assert_allclose(found, [0.02, 0.1], atol=0.01)  # (6/ln 2) · 3²/2 · 0.01² = 0.004
    # At another time the larger step sizes err more: what counts is where the finest does.
    elsewhere = frame.assign(time=1.0, error=0.9 * frame["error"] * (frame["learning_rate"] / 0.01) ** 3)
    both = pd.concat([frame, elsewhere])
    np.testing.assert_allclose(measures.order_deviation("error", nets=["width"])(both), [0.02, 0.1])
    frame.loc[frame["width"] == 4, "error"] = np.nan
    np.testing.assert_allclose(measures.order_deviation("error", nets=["width"])(frame), 0, atol=1e-12)


def test_exponent_in_width():
    frame = pd.DataFrame({"seed": [0, 0, 0, 1, 1, 1], "width": [1, 4, 16] * 2, "size": [1, 0.5, 0.25, 3, 3, 3]})
    np.testing.assert_allclose(measures.exponent_in_width("size")(frame), [-0.5, 0], atol=1e-12)


def narrow_errors(*, speed_of_widths):
    """Errors of nets that follow the closed form to O(η) where `speed_of_widths` is 1, and depart elsewhere."""
    rows = [
        {"metric": metric, "width": w, "seed": s, "learning_rate": r, "extrapolations": e, "time": 1.0,
         "error": (r / 10) ** (1 + e) + abs(speed - 1), "error_predicted": (r / 10) ** (1 + e),
         "error_slow": (r / 10) ** (1 + e) + 0.01, "error_fast": abs((r / 10) ** (1 + e) - 0.01),
         "error_predicted_slower": (r / 10) ** (1 + e) + 0.1, "error_predicted_faster": abs((r / 10) ** (1 + e) - 0.1)}
        for metric, speeds in (("grassmann", speed_of_widths), ("stiefel", (1.0, 1.5)), ("canonical", (1.0, 2.0)))
        for w, speed in zip((2, 6), speeds, strict=True)
        for s in (0, 1, 2)
        for r in (0.01, 0.02, 0.04)
        for e in (0, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(dataset="d", loss="contrastive", dimension=2)


@pytest.mark.parametrize(("speeds", "verdict"), [((1.0, 1.0), "pass"), ((1.0, 1.1), "fail")])
def test_speed_that_depends_on_the_width_fails_the_claims(speeds, verdict):
    tables = {("narrow", "narrow_errors"): narrow_errors(speed_of_widths=speeds)}
    for claim in CLAIMS:
        if claim.id in ("A3-narrow-order", "A3-narrow-error"):
            cell = judge_rows(claim, tables)
            assert cell.control.verdict == "fail"
            assert cell.verdict == verdict
            assert (cell.resolves < 0.01) == (verdict == "pass")  # what is 1 % off is told


@pytest.fixture(scope="module")
def sped():
    """Nets on Stiefel manifolds at both ends of the widths: C, and weights (S, T, d, z) by metric, width and level."""
    random = np.random.default_rng(0)
    C = symmetric(np.array([-1.0, -0.7, 0.0, 0.2, 0.4, 0.6]), random)
    start = orthonormal(6, 2, random, 2)
    trained = {}
    for metric, c in (("stiefel", 1), ("canonical", 2)):
        for width in (2, 6):
            speed = 1 + (width == 6) * c / 2
            for level in range(3):
                step, W, path = 0.005 * 2**level, start, [start]
                for _ in range(6):
                    for _ in range(80 // 2**level):
                        W = np.linalg.qr(W - 2 * speed * step * (C @ W - W @ (W.mT @ C @ W)))[0]
                    path.append(W)
                trained[metric, width, level] = np.stack(path, axis=1)
    return C, start, trained


def speeds_judged(sped, factor=1.0):
    """A3-stiefel-speed by a theory whose speeds are all wrong by a factor."""
    C, start, trained = sped
    times, speeds = 0.4 * np.arange(7), np.array(SPEEDS)
    (claim,) = [claim for claim in CLAIMS if claim.id == "A3-stiefel-speed"]
    basis, stiefel, canonical, slow, fast = (
        grassmann_flow(C, start, factor * speed * times) for speed in (1, 1.5, 2, 0.99, 1.01)
    )
    solution = NarrowSolution(
        times=times, speeds=speeds, named_speeds=np.array([1, 1.5, 2]), basis=basis, basis_stiefel=stiefel,
        basis_canonical=canonical, basis_control={"slow": slow, "fast": fast}, integrated={},
        at_speeds=flow_at_speeds(C, start, factor * times, speeds),
    )  # fmt: skip
    design = NarrowDesign(
        learning_rates=0.005 * 2.0 ** np.arange(3), coarse_steps=20 * np.arange(7), widths=np.array([2, 6]), first={},
        second={}, start=start,
    )  # fmt: skip
    table = error_table(design, Trajectories(trained, {}), solution)
    table = table.assign(dataset="d", loss="contrastive", dimension=2)
    return judge_rows(claim, {claim.own_table: table})


def test_speeds_on_stiefel_manifolds_are_told_from_those_wrong_by_the_resolving_power(sped):
    cell = speeds_judged(sped)
    assert cell.verdict == "pass"
    assert 1e-4 < cell.resolves < 0.05
    for sign in (-1, 1):
        assert speeds_judged(sped, 1 + 1.02 * sign * cell.resolves).claim.verdict == "fail"


def test_wrong_speeds_are_among_those_that_are_solved_for():
    for speed in (1, *map(full_width_speed, METRICS)):
        for rate in FAR_RATES.values():
            assert np.abs(np.array(SPEEDS) - rate * speed).min() < 1e-12
