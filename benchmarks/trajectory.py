"""The exact trajectory of the constrained flow at 500 times, next to training, descent and integration."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import Peers
from benchmarks.problems import LOSS, LinearProblem
from benchmarks.products import product_clock
from benchmarks.turns import Clock, Comparison, Peer, Target, clock
from ssl_dynamics.analysis.subspaces import combined_projector_norm, projector_distance, richardson_weights
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.training import train
from ssl_dynamics.theory import SolvedFlow, integrate_grassmann_flow
from ssl_dynamics.theory.exponential_sums import node_count

Array = NDArray[np.float64]
Descent = Callable[[float, list[int]], Array]  # step size and checkpoints to bases (T, d, z)

GROUP = "trajectory"
FINEST = 0.02  # step size at which the error of descent is measured, in units of 1/‖C‖
LEVELS = (1, 2, 4)  # with these multiples of it, which two extrapolations need
CHECKPOINTS = 12  # at which it is measured, over the transient
TIMED_STEPS = 20
FULL_RUN = 1e-4  # error of the full run's trajectories, twice extrapolated (A3-error-2)
ITEMS = 100  # of the test items, whose accuracy is asked for
LEAST_OVER_TRAINING, LEAST_OVER_BASES = 100, 10


def comparisons(problem: LinearProblem, peers: Peers, path: str) -> list[Comparison]:
    flow, W0, times = SolvedFlow(problem.C), problem.starts[0], problem.times
    d, z = W0.shape
    n, T = len(problem.triplets.anchor), len(times)
    bases = clock(lambda: flow.bases(W0, times))
    to_bases = 2 * d * d * T * z
    # C; its eigenvalues and vectors (reduction to a tridiagonal matrix, and back); the bases.
    cold = 2 * n * d * d + (4 / 3 + 2) * d**3 + to_bases
    shape = (T * z, d, d)
    whole = Comparison(
        GROUP,
        f"{d} × {z} × {T} bases from {n} triplets, cold",
        clock(lambda: SolvedFlow(form_of(problem.triplets, LOSS)).bases(W0, times)),
        _solvers(problem, flow, peers, path),
        "products of as many operations as C, its eigenvectors and the bases need",
        product_clock(cold, [shape]),
    )
    further = Comparison(
        GROUP,
        f"{d} × {z} × {T} bases, each further start",
        bases,
        (Peer("the same cold", whole.ours),),
        "the product that rotates the bases back to R^d",
        product_clock(to_bases, [shape]),
    )
    return [whole, further, *_readouts(problem, flow, bases)]


def _solvers(problem: LinearProblem, flow: SolvedFlow, peers: Peers, path: str) -> tuple[Peer, ...]:
    W0, times = problem.starts[0], problem.times
    integrated = integrate_grassmann_flow(problem.C, W0, times)
    accuracy = float(projector_distance(integrated, flow.bases(W0, times)).max())

    def training(step: float, checkpoints: list[int]) -> Array:
        run = train(problem.triplets, W0[None], LOSS, Grassmannian(), learning_rate=step, checkpoints=checkpoints)
        bases: Array = run.weights[0]
        return bases

    def descent(step: float, checkpoints: list[int]) -> Array:
        output = Path(path).with_name("descent.npy")
        peers.ask("descent", problem=path, output=str(output), step=step, checkpoints=checkpoints)
        bases: Array = np.load(output)
        return bases

    finest = FINEST / problem.norm
    train_step = _step_clock(lambda: training(finest, [TIMED_STEPS]))
    descend_step = peers.clock("descent seconds", problem=path, step=finest, steps=TIMED_STEPS)
    train_error, descent_error = (extrapolated_error(problem, flow, run) for run in (training, descent))

    def following(name: str, step: Clock, error: float, asked: float, targets: tuple[Target, ...] = ()) -> Peer:
        steps = steps_needed(problem, error, asked)
        note = (
            f"{steps:.3g} steps at η, 2η, 4η, extrapolated twice; of them {TIMED_STEPS} are "
            f"timed. At η = {FINEST}/‖C‖ the error was {error:.2g}, and it is of order η³"
        )
        return Peer(f"{name}, error {asked:.0e}", step, steps, targets, note)

    least = Target("ratio", LEAST_OVER_TRAINING)
    return (
        following("training by autograd", train_step, train_error, accuracy, (least,)),
        following("training by autograd", train_step, train_error, FULL_RUN),
        following("pymanopt's Grassmann descent, given C", descend_step, descent_error, accuracy),
        following("pymanopt's Grassmann descent, given C", descend_step, descent_error, FULL_RUN),
        Peer(
            "DOP853 on the flow (scipy), given C",
            clock(lambda: integrate_grassmann_flow(problem.C, W0, times)),
            note=f"it differs from the closed form by {accuracy:.1g}",
        ),
    )


def extrapolated_error(problem: LinearProblem, flow: SolvedFlow, descent: Descent) -> float:
    """Largest distance from the closed form over the transient, where it peaks, of descent extrapolated twice."""
    coarsest = FINEST * max(LEVELS) / problem.norm
    steps = np.unique(np.rint(problem.transient / coarsest * np.linspace(0, 1, CHECKPOINTS) ** 2)).astype(int)
    runs = [
        descent(FINEST * level / problem.norm, [int(max(LEVELS) // level * step) for step in steps])
        for level in sorted(LEVELS, reverse=True)
    ]
    weights = richardson_weights(2, 2)
    exact = flow.bases(problem.starts[0], steps * coarsest)
    return float(combined_projector_norm([*runs, exact], [*weights, -1]).max())


def steps_needed(problem: LinearProblem, error: float, asked: float) -> float:
    """Steps of all three runs to the last of the times: the error that remains is of order η³."""
    step = FINEST / problem.norm * float(np.cbrt(asked / error))
    end = float(problem.times[-1])
    return sum(end / (step * level) for level in LEVELS)


def _step_clock(run: Callable[[], object]) -> Clock:
    """Seconds of a step."""
    several = clock(run)
    return lambda: several() / TIMED_STEPS


def _readouts(problem: LinearProblem, flow: SolvedFlow, bases: Clock) -> list[Comparison]:
    """What is asked of a further start, without its bases: next to forming these alone, before they are used."""
    W0, times = problem.starts[0], problem.times
    (d, z), T = W0.shape, len(times)
    span = problem.starts[1]
    points, labels = problem.test[:ITEMS], problem.labels[:ITEMS]
    of_classes = np.stack([problem.test[problem.labels == label].mean(0) for label in np.unique(problem.labels)])
    K, pairs = len(of_classes), z * (z + 1) // 2
    # Points stay the same from start to start: they are projected on the eigenvectors once, as C is taken apart once.
    means, both = flow.coordinates(of_classes), flow.coordinates(np.concatenate([points, of_classes]))
    asked: dict[str, tuple[Callable[[], object], int]] = {
        "distances to another span": (lambda: flow.distances(W0, times, span), z),
        f"singular values of the {K} class means": (
            lambda: np.linalg.svd(flow.representations(W0, times, means), compute_uv=False),
            K,
        ),
        f"accuracy on {ITEMS} items, by the nearest class mean": (
            lambda: accuracies(flow.inner_products(W0, times, means, both), labels),
            ITEMS + K,
        ),
    }
    rates = 2 * (flow.eigenvalues[z:] - flow.eigenvalues[z - 1])
    once, squared = (terms(factor * rates, times) for factor in (1, 2))
    note = (
        f"sums of {once:.0f} exponentials hold those of all {d - z} to rounding, {squared:.0f} their squares; points "
        "are projected on the eigenvectors beforehand"
    )

    def comparison(what: str, function: Callable[[], object], operations: float, columns: int, note: str) -> Comparison:
        peer = Peer("forming the bases", bases, targets=(Target("ratio", LEAST_OVER_BASES),), note=note)
        return Comparison(
            GROUP,
            f"{what} at {T} times, each further start",
            clock(function),
            (peer,),
            "the products with decaying exponentials",
            product_clock(operations, [(T, d - z, columns)]),
        )

    return [
        comparison("angles to the limit", lambda: flow.tangents(W0, times), 2 * T * (d - z) * pairs, pairs, ""),
        *(
            comparison(what, function, 2 * (T + d - z) * (once * z * m + squared * pairs), z * m, note)
            for what, (function, m) in asked.items()
        ),
    ]


def terms(rates: Array, times: Array) -> float:
    """Terms of the sum that takes Q(T + m) operations in place of Tm; as many in a sum taken as it stands."""
    T, m = len(times), len(rates)
    Q = node_count(rates, times)
    return T * m / (T + m) if Q is None else Q


def accuracies(products: Array, labels: NDArray[np.int64]) -> Array:
    """Share of items (T,) that no other class mean is nearer to than their own; labels count the classes from 0.

    Products (T, K, m + K) of the K means with the m items and with each other.
    """
    m = len(labels)
    squares = np.diagonal(products[..., m:], axis1=-2, axis2=-1)
    # −|u − c|²/2 without |u|², which is the same for all classes.
    scores = products[..., :m] - squares[..., None] / 2
    shares: Array = (scores[:, labels, np.arange(m)] >= scores.max(-2)).mean(-1)
    return shares
