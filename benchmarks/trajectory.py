"""The exact trajectory of the constrained flow at 500 times, next to training, descent and integration."""

from collections.abc import Callable, Iterator
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
from ssl_dynamics.theory import SolvedFlow, integrate_grassmann_flow, nearest_mean_accuracies
from ssl_dynamics.theory.exponential_sums import node_count
from ssl_dynamics.theory.solved_flow import Coordinates

Array = NDArray[np.float64]
Descent = Callable[[float, list[int]], Array]  # step size and checkpoints to bases (T, d, z)

GROUP = "trajectory"
FINEST = 0.02  # step size at which the error of descent is measured, in units of 1/‖C‖
LEVELS = (1, 2, 4)  # with these multiples of it, which two extrapolations need
CHECKPOINTS = 12  # at which it is measured, over the transient
TIMED_STEPS = 20
FULL_RUN = 1e-4  # error of the full run's trajectories, twice extrapolated (A3-error-2)
FEW = 100  # of the test items: accuracies are asked for on so many, and on all
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

    def following(name: str, step: Clock, error: float, targets: tuple[Target, ...] = ()) -> Iterator[Peer]:
        # A name is a key of the baseline: the accuracy of DOP853, which is rounding, is not in it.
        for at, asked, of in (
            ("at the accuracy of DOP853", accuracy, targets),
            (f"error {FULL_RUN:.0e}", FULL_RUN, ()),
        ):
            steps = steps_needed(problem, error, asked)
            note = (
                f"error {asked:.1g}, for which it takes {steps:.3g} steps at η, 2η, 4η, extrapolated twice; of them "
                f"{TIMED_STEPS} are timed. At η = {FINEST}/‖C‖ the error was {error:.2g}, and it is of order η³"
            )
            yield Peer(f"{name}, {at}", step, steps, of, note)

    least = Target("ratio", LEAST_OVER_TRAINING)
    return (
        *following("training by autograd", train_step, train_error, (least,)),
        *following("pymanopt's Grassmann descent, given C", descend_step, descent_error),
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
    of_classes = np.stack([problem.test[problem.labels == label].mean(0) for label in np.unique(problem.labels)])
    K, pairs = len(of_classes), z * (z + 1) // 2
    # Points stay the same from start to start: they are projected on the eigenvectors once, as C is taken apart once.
    means = flow.coordinates(of_classes)
    asked: dict[str, tuple[Callable[[], object], int]] = {
        "distances to another span": (lambda: flow.distances(W0, times, span), z),
        f"singular values of the {K} class means": (
            lambda: np.linalg.svd(flow.representations(W0, times, means), compute_uv=False),
            K,
        ),
        **{
            f"accuracy on {m} items, by the nearest class mean": (_accuracy(problem, flow, means, m), m + K)
            for m in (FEW, len(problem.test))
        },
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
            comparison(
                what,
                function,
                2 * (T + d - z) * (once * z * m + squared * pairs),
                z * m,
                f"{note}; the representations of {m} points are {m / d:.2g} times as many numbers as the bases",
            )
            for what, (function, m) in asked.items()
        ),
    ]


def _accuracy(problem: LinearProblem, flow: SolvedFlow, means: Coordinates, m: int) -> Callable[[], Array]:
    """Accuracies of the first start on m test items; labels count the classes from 0."""
    items, labels = flow.coordinates(problem.test[:m]), problem.labels[:m]
    return lambda: nearest_mean_accuracies(
        flow, problem.starts[0], problem.times, means=means, items=items, labels=labels
    )


def terms(rates: Array, times: Array) -> float:
    """Terms of the sum that takes Q(T + m) operations in place of Tm; as many in a sum taken as it stands."""
    T, m = len(times), len(rates)
    Q = node_count(rates, times)
    return T * m / (T + m) if Q is None else Q
