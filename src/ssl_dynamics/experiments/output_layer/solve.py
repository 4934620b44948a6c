"""Starts and times of nets whose output layer alone is orthogonal, and what becomes of them, from the start alone."""

from functools import partial

import numpy as np

from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.output_layer.config import (
    CHECKPOINTS,
    CURVE_POINTS,
    OPTIMUM,
    RANDOM,
    SLOW_STEP,
    DesignSettings,
    activation_of,
)
from ssl_dynamics.experiments.output_layer.design import Array, Design, Solution
from ssl_dynamics.kernels import features, infinite_width_ntk
from ssl_dynamics.kernels.two_layer import activate
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.problem.points import points_of
from ssl_dynamics.problem.schedule import require_spread, slowest_growth
from ssl_dynamics.problem.starts.orthonormal import constrained_net
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import (
    coupled_form,
    leading_eigenspace,
    log_singular_values,
    output_layer_flow,
    slow_feature_flow,
)

WRONG_RATES = {OPTIMUM: NEAR_RATES, RANDOM: FAR_RATES}  # of κ, by which claims are told from wrong ones


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_output_layer`: it lies here because the optima at which nets start are theory."""
    settings, nets = job.settings, job.settings.output_layer
    triplets = read_triplets(job.input("points"))
    if nets.triplets > len(triplets.anchor):
        raise ValueError(f"output_layer.triplets is {nets.triplets}; points has {len(triplets.anchor)}")
    X = points_of(triplets, settings.loss, nets.triplets)
    if nets.widths[0] < X.shape[1]:
        raise ValueError(f"output_layer.widths has {nets.widths[0]}; points have {X.shape[1]} components, and h >= d")
    A, z = coupling_matrix(nets.triplets, loss=settings.loss)[: len(X), : len(X)], settings.dimension
    first: dict[tuple[str, int], Array] = {}
    second: dict[tuple[str, int], Array] = {}
    for width in nets.widths:
        random = constrained_net(
            X.shape[1], z, width, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
        )
        isometry = np.linalg.qr(random[0])[0]  # W_1(0)ᵀW_1(0) = hI
        first |= {(RANDOM, width): random[0], (OPTIMUM, width): np.sqrt(width) * isometry}
        second |= {(RANDOM, width): random[1], (OPTIMUM, width): isometry @ leading_eigenspace(_form(X, A), z)}
        for activation in nets.activations:
            Psi = features(X, random[0], activation=activation)
            first[activation, width] = random[0]
            second[activation, width] = np.stack([leading_eigenspace(_symmetric(psi.T @ A @ psi), z) for psi in Psi])
    times: dict[str, Array] = {}
    growth: dict[str, float] = {}
    for name in dict.fromkeys(name for name, _ in first):
        K = infinite_width_ntk(X, activation=activation_of(name), block="second")
        eigenvalues = np.asarray(np.linalg.eigvalsh(coupled_form(K, A)), dtype=np.float64)
        require_spread(eigenvalues)
        slowest_growth(eigenvalues, z)  # else the constraint itself does not keep z directions
        growth[name] = 2 * float(-eigenvalues[0])
        times[name] = np.linspace(0, np.log(nets.growth) / (2 * growth[name] * nets.ratio), CHECKPOINTS)
        job.log.info("%s: λ = %s", name, np.array2string(eigenvalues[:4]))
    Design(
        points=X,
        triplets=nets.triplets,
        ratio=nets.ratio,
        first=first,
        second=second,
        times=times,
        growth=growth,
    ).save(job.output("plan"))


def solve(job: Job[LossSettings]) -> None:
    """Stage `solve_output_layer`."""
    plan = Design.load(job.input("plan"))
    X = plan.points
    A = coupling_matrix(plan.triplets, loss=job.settings.loss)[: len(X), : len(X)]
    eigenvalues = np.linalg.eigvalsh(_form(X, A))
    predicted = {key: _log_ratio(plan, A, key, plan.times[key[0]]) for key in plan.first}
    wrong = {
        (*key, name): _log_ratio(plan, A, key, plan.times[key[0]], factor)
        for key in plan.first
        for name, factor in WRONG_RATES.get(key[0], {}).items()
    }
    gap = float((eigenvalues[1] - eigenvalues[0]) / np.abs(eigenvalues[0]))
    curve_times = np.linspace(0, plan.times[RANDOM][-1], CURVE_POINTS)
    curve = {key[1]: _log_ratio(plan, A, key, curve_times) for key in plan.first if key[0] == RANDOM}
    Solution(predicted, wrong, curve_times, curve, gap).save(job.output("solution"))


def _log_ratio(plan: Design, A: Array, key: tuple[str, int], times: Array, factor: float = 1.0) -> Array:
    """ln(σ_2/σ_1) (S, T) of the representations at these times, were the first layer to move at the rate `factor`·κ."""
    X, W1, W2, (nets, width) = plan.points, plan.first[key], plan.second[key], key
    ratio = factor * plan.ratio
    if nets == OPTIMUM:
        S = W1.mT @ W2 / np.sqrt(width)  # the constrained optimum, of all starts the same up to rounding
        sizes = log_singular_values(_form(X, A), S, ratio * times, through=np.linalg.qr(X, mode="r"))
    elif nets == RANDOM:
        sizes = _log_sizes(X @ output_layer_flow(_form(X, A), W1, W2, times, rate=ratio * width))
    else:
        step, z = SLOW_STEP / plan.growth[nets], W2.shape[-1]
        of = partial(activate, activation=activation_of(nets))
        sizes = _log_sizes(slow_feature_flow(of, X, A, W1, ratio * times, z=z, step=step))
    log_ratio: Array = sizes[..., 1] - sizes[..., 0]
    return log_ratio


def _log_sizes(U: Array) -> Array:
    sizes: Array = np.log(np.linalg.svd(U, compute_uv=False))
    return sizes


def _form(X: Array, A: Array) -> Array:
    """C = XᵀAX/d: L = Tr(SᵀCS) of u = Sᵀx/√d."""
    return _symmetric(X.T @ A @ X / X.shape[1])


def _symmetric(matrix: Array) -> Array:
    symmetric: Array = (matrix + matrix.T) / 2
    return symmetric
