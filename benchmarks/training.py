"""A training step of all seeds side by side; the equations of nets of any width; how both grow."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import torch

from benchmarks.growth import Series, series
from benchmarks.problems import LOSS, LinearProblem
from benchmarks.turns import Clock, Comparison, Peer, Target, clock
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.principal import principal_triplets
from ssl_dynamics.problem.starts.gaussian_nets import gaussian_factor
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.training import loss_gradient, pairs
from ssl_dynamics.theory import GramCurve, SolvedFlow, gram, gram_curve, gram_state, gram_velocity

GROUP = "training and equations"
NARROW, WIDE = 2**10, 2**40
EQUAL = 0.05
POINTS, COMPONENTS, OUTPUTS = 50, 50, 2  # of the equations, as in the experiment `departure`
STEP = 1e-3  # any size takes the same time
PRODUCTS = 4  # with the data in a step: two representations, and their two gradients


def comparisons(problem: LinearProblem) -> list[Comparison]:
    return [_step(problem), *_equations(problem)]


def _step(problem: LinearProblem) -> Comparison:
    starts = torch.from_numpy(problem.starts)
    views = pairs(problem.triplets, LOSS)
    seeds, d, z = problem.starts.shape
    n = len(problem.triplets.anchor)
    alone = [starts[s : s + 1] for s in range(seeds)]

    def loop() -> None:
        for W in alone:
            _take_step(W, views)

    return Comparison(
        GROUP,
        f"training step, {seeds} seeds side by side, n = {n}, d = {d}, z = {z}",
        clock(lambda: _take_step(starts, views)),
        (Peer("one seed after the other", clock(loop)),),
        "the products with the data, in their shapes",
        _data_products(seeds * z, n, d),
    )


def _take_step(W: torch.Tensor, views: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return Grassmannian().step(W, loss_gradient(W, views), STEP).weights


def _data_products(rows: int, n: int, d: int) -> Clock:
    """(rows, d)(d, n) and back, (rows, n)(n, d), for two views."""
    W, X = torch.randn(rows, d, dtype=torch.float64), torch.randn(n, d, dtype=torch.float64)
    U, G = W @ X.mT, torch.empty_like(W)

    def products() -> None:
        for _ in range(PRODUCTS // 2):
            torch.mm(W, X.mT, out=U)
            torch.mm(U, X, out=G)

    return clock(products)


def _equations(problem: LinearProblem) -> list[Comparison]:
    points = principal_triplets(problem.triplets, n=POINTS, components=COMPONENTS)
    C = form_of(points, LOSS)
    states = {
        width: gram_state(*gaussian_factor(COMPONENTS, OUTPUTS, width, seeds=10, root_seed=0, name="benchmark"), width)
        for width in (NARROW, WIDE)
    }

    def velocity(width: int) -> Clock:
        return clock(lambda: gram_velocity(C, states[width], width))

    def curve(width: int) -> GramCurve:
        return gram_curve(C, states[width], width=width, points=points.anchor)

    wide, narrow = "h = 2^40", "h = 2^10"
    later = curve(WIDE).blow_up.mean() / curve(NARROW).blow_up.mean()
    counts = {width: evaluations(lambda width=width: curve(width)) for width in (NARROW, WIDE)}  # type: ignore[misc]
    equal = Target("ratio", 1 - EQUAL, 1 + EQUAL)
    return [
        Comparison(
            GROUP,
            f"Gram equations evaluated, {wide}",
            velocity(WIDE),
            (Peer(narrow, velocity(NARROW), targets=(equal,)),),
        ),
        Comparison(
            GROUP,
            f"Gram equations until the blow-up, {wide}",
            clock(lambda: curve(WIDE)),
            (
                Peer(
                    narrow,
                    clock(lambda: curve(NARROW)),
                    note=f"no target, for the ways differ: {counts[WIDE]} evaluations of the equations against "
                    f"{counts[NARROW]}, {counts[WIDE] / counts[NARROW]:.2f} times as many. The blow-up comes "
                    f"ln h/(2μ) + O(1) after the start, {later:.2f} times as late here; an evaluation costs the same",
                ),
            ),
        ),
    ]


def evaluations(integrate: Callable[[], object]) -> int:
    """How often an integration of the Gram equations evaluates them."""
    with mock.patch.object(gram, "_velocity", wraps=gram._velocity) as counted:
        integrate()
    return counted.call_count


def growing(problem: LinearProblem) -> list[Series]:
    """Growth of a training step in n, d, z and seeds, and of the exact trajectory in d."""
    base: dict[str, int] = {"n": 1500, "d": 784, "z": 8, "seeds": 10}
    ranges = {"n": (375, 750, 1500), "d": (196, 392, 784), "z": (8, 16, 32), "seeds": (10, 20, 40)}
    steps = [
        series("training step", size, sizes, _varied(_sized_step, base, size), _varied(_step_operations, base, size))
        for size, sizes in ranges.items()
    ]
    times = problem.times
    exact = {"d": 784, "T": len(times), "z": 8}
    return [
        *steps,
        series(
            "exact trajectory from C",
            "d",
            (392, 784, 1568),
            lambda d: _sized_flow(d, times),
            _varied(_flow_operations, exact, "d"),
        ),
    ]


def _varied(function: Callable[..., Any], base: dict[str, int], size: str) -> Callable[[int], Any]:
    return lambda value: function(**base | {size: value})


def _sized_step(n: int, d: int, z: int, seeds: int) -> Clock:
    random = np.random.default_rng(0)
    views = pairs(Triplets(*random.standard_normal((3, n, d))), LOSS)
    W = torch.from_numpy(np.linalg.qr(random.standard_normal((seeds, d, z)))[0])
    return clock(lambda: _take_step(W, views))


def _step_operations(n: int, d: int, z: int, seeds: int) -> float:
    return PRODUCTS * 2 * n * d * z * seeds


def _sized_flow(d: int, times: np.ndarray) -> Clock:
    random = np.random.default_rng(0)
    C = random.standard_normal((d, d))
    W0 = np.linalg.qr(random.standard_normal((d, 8)))[0]
    return clock(lambda: SolvedFlow(C + C.T).bases(W0, times))


def _flow_operations(d: int, T: int, z: int) -> float:
    return (4 / 3 + 2) * d**3 + 2 * d * d * T * z
