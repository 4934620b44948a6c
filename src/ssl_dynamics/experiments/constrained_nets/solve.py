"""Starts and times of constrained nets, and two approximations of infinite width of each, from its start alone."""

import math
from itertools import groupby

import numpy as np

from ssl_dynamics.analysis import gram_distance
from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.constrained_nets.config import (
    READ_AT,
    REGRESSION,
    SELF_SUPERVISED,
    TAU,
    UNIT,
    DesignSettings,
    Run,
    ordered,
)
from ssl_dynamics.experiments.constrained_nets.design import Array, Design, Key, Solution
from ssl_dynamics.kernels import features, infinite_width_ntk, two_layer_ntk
from ssl_dynamics.kernels.two_layer import activate
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.names import Activation
from ssl_dynamics.problem.points import points_of
from ssl_dynamics.problem.schedule import slowest_growth
from ssl_dynamics.problem.starts.orthonormal import constrained_net, kernel_root, random_functions
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import (
    arrival,
    constrained_tangent_kernel,
    linearised_flow,
    linearised_mismatch_limit,
    random_feature_flow,
    random_feature_regression,
    tangent_drift_limit,
)
from ssl_dynamics.theory.moving_features import moving_features_flow


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_constrained_nets`: it ends training where the flow on the features has converged."""
    settings, nets = job.settings, job.settings.constrained_nets
    triplets = read_triplets(job.input("points"))
    if nets.triplets > len(triplets.anchor):
        raise ValueError(f"constrained_nets.triplets is {nets.triplets}; points has {len(triplets.anchor)}")
    X = points_of(triplets, settings.loss, nets.triplets)
    A = coupling_matrix(nets.triplets, loss=settings.loss)[: len(X), : len(X)]
    z, names = settings.dimension, ("regression target", settings.dataset_name, settings.loss)
    first: dict[int, Array] = {}
    second: dict[int, Array] = {}
    for width in nets.widths:
        first[width], second[width] = constrained_net(
            X.shape[1], z, width, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
        )
    kernel: dict[str, Array] = {}
    target: dict[str, Array] = {}
    tau: dict[str, Array] = {}
    unit: dict[tuple[str, str], float] = {}
    largest_step: dict[tuple[str, str], float] = {}
    for activation in nets.activations:
        kernel[activation] = K = infinite_width_ntk(X, activation=activation, block="second")
        functions = random_functions(K, z, seeds=1, root_seed=settings.root_seed, names=(*names, activation))
        target[activation] = Y = functions[0]
        root = kernel_root(K)
        eigenvalues = np.asarray(np.linalg.eigvalsh(root @ A @ root), dtype=np.float64)
        job.log.info("%s: eigenvalues of K^{1/2}AK^{1/2}: %s", activation, np.array2string(eigenvalues[:8]))
        pulls = np.linalg.svd(root @ Y, compute_uv=False) / len(X)
        rates = {  # the unit of time, and the fastest rate
            SELF_SUPERVISED: (2 * slowest_growth(eigenvalues, z), 2 * np.abs(eigenvalues).max()),
            REGRESSION: (pulls[-1], max(pulls[0], np.linalg.norm(K, 2) / len(X))),
        }
        for objective, (slow, fast) in rates.items():
            unit[activation, objective], largest_step[activation, objective] = float(slow), float(nets.step / fast)
        Psi = features(X, first[nets.widths[-1]], activation=activation)
        time = arrival(Psi, A, second[nets.widths[-1]], nets.convergence)
        needed = math.ceil(min(time * unit[activation, SELF_SUPERVISED], nets.end))
        job.log.info("%s: the widest nets are trained to τ = %d; the latest end is %d", activation, needed, nets.end)
        tau[activation] = np.array([*TAU, max(needed, READ_AT + 1)])
    Design(
        points=X,
        triplets=nets.triplets,
        activations=tuple(nets.activations),
        widths=tuple(nets.widths),
        side_width=nets.side_width,
        first=first,
        second=second,
        kernel=kernel,
        target=target,
        tau=tau,
        unit=unit,
        largest_step=largest_step,
    ).save(job.output("plan"))


def solve(job: Job[LossSettings]) -> None:
    """Stage `solve_constrained_nets`."""
    plan = Design.load(job.input("plan"))
    N = len(plan.points)
    A = coupling_matrix(plan.triplets, loss=job.settings.loss)[:N, :N]
    linearised: dict[Key, Array] = {}
    flow: dict[Key, Array] = {}
    stepped: dict[Key, Array] = {}
    predicted_error: dict[Key, Array] = {}
    tangent: dict[Key, Array] = {}
    for (activation, width), runs in groupby(plan.runs(), key=lambda run: (run.activation, run.width)):
        first, second = plan.first[width], plan.second[width]
        Psi = features(plan.points, first, activation=activation)
        block = two_layer_ntk(plan.points, first, second, activation=activation, block="first")
        for run in runs:
            linearised[run] = _linearised(plan, A, run, Psi, run.rate * block)
            if run.rate_name == UNIT:  # features are frozen, whatever the rate of W_1
                flow[run] = _random_features(plan, A, run, Psi)
                tangent[run] = _tangent_drift(flow[run], Psi)
            if run.reaches_the_end and N <= width <= plan.side_width:
                stepped[run], predicted_error[run] = _error_of_frozen(plan, A, run, Psi)
    mismatch_limit: dict[str, float] = {}
    limit: dict[tuple[str, str], Array] = {}
    for activation in ordered(plan.activations):
        K, z = plan.kernel[activation], plan.target[activation].shape[1]
        mismatch_limit[activation] = linearised_mismatch_limit(K, A, z)
        # From a start that is orthogonal to all features nothing moves: self-supervised, the limit t → ∞.
        limit[activation, SELF_SUPERVISED] = np.array(tangent_drift_limit(K, A, z)[0])
        limit[activation, REGRESSION] = _regression_drift(plan, activation)
    Solution(linearised, flow, stepped, predicted_error, tangent, mismatch_limit, limit).save(job.output("solution"))


def _objective(plan: Design, A: Array, run: Run) -> tuple[Array, Array | None]:
    """Q and B of L = ½Tr(UᵀQU) − Tr(UᵀB)."""
    N = len(plan.points)
    return (np.eye(N) / N, plan.target[run.activation] / N) if run.objective == REGRESSION else (2 * A, None)


def _linearised(plan: Design, A: Array, run: Run, Psi: Array, first_block: Array) -> Array:
    """Scale-free representations (S, T, N, z) of the nets linearised at their starts."""
    times = plan.clock(run).times
    Q, B = _objective(plan, A, run)
    solved = []
    for seed, W in enumerate(plan.second[run.width]):
        U0 = Psi[seed] @ W
        tangent = constrained_tangent_kernel(Psi[seed] @ Psi[seed].T, U0, first_block[seed])
        solved.append(linearised_flow(tangent, Q, U0, times, B).functions)
    return np.stack(solved)


def _random_features(plan: Design, A: Array, run: Run, Psi: Array) -> Array:
    """Representations (S, T, N, z) with the features frozen and the constraint kept."""
    times, starts = plan.clock(run).times, plan.second[run.width]
    if run.objective == REGRESSION:
        Y = plan.target[run.activation]
        flows = [random_feature_regression(psi, Y, W, times) for psi, W in zip(Psi, starts, strict=True)]
    else:
        flows = [random_feature_flow(psi, A, W, times) for psi, W in zip(Psi, starts, strict=True)]
    return np.stack(flows)


def _tangent_drift(flow: Array, Psi: Array) -> Array:
    """Drift (S, T) of Ψ(I − WWᵀ)Ψᵀ = K − UUᵀ with the features at rest, U (S, T, N, z), Ψ (S, N, h)."""
    gram = flow @ flow.mT
    change = np.linalg.norm(gram - gram[:, :1], axis=(-2, -1))
    drift: Array = change / np.linalg.norm(Psi @ Psi.mT - gram[:, 0], axis=(-2, -1))[:, None]
    return drift


def _error_of_frozen(plan: Design, A: Array, run: Run, Psi: Array) -> tuple[Array, Array]:
    """The flow on frozen features (S, T, N, z) in the steps of training, until `READ_AT`, and its Gram error (S, T).

    The error is the distance to the flow on features that move.
    """
    X, clock, first, second = plan.points, plan.clock(run), plan.first[run.width], plan.second[run.width]
    d = X.shape[1]
    still, errors = [], []
    for psi, W1, W2 in zip(Psi, first, second, strict=True):
        slopes = activate(X @ W1.T / np.sqrt(d), run.activation)[1]
        moving, frozen = moving_features_flow(
            psi,
            slopes,
            X @ X.T / d,
            A,
            W2,
            times=clock.times[clock.tau <= READ_AT],
            rate=run.rate,
            step=clock.largest_step,
        )
        still.append(frozen)
        errors.append(gram_distance(moving, frozen))
    return np.stack(still), np.stack(errors)


def _regression_drift(plan: Design, activation: Activation) -> Array:
    """Drift of the tangent kernel's output block in regression at h = ∞, at the checkpoints (T,)."""
    K, Y = plan.kernel[activation], plan.target[activation]
    N, z = Y.shape
    features_at_infinity = np.hstack([kernel_root(K), np.zeros((N, z))])
    start = np.vstack([np.zeros((N, z)), np.eye(z)])
    times = plan.clock(Run(activation, REGRESSION, UNIT, plan.widths[0])).times
    U = random_feature_regression(features_at_infinity, Y, start, times)
    drift: Array = np.linalg.norm(U @ U.mT, axis=(-2, -1)) / np.linalg.norm(K)
    return drift
