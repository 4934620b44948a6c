"""The problems that are timed: the shipped Fashion-MNIST subset as the full run has it, and nets of random weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.config_file import load_config
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.sampling import draw_triplets
from ssl_dynamics.problem.schedule import gap
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.problem.triplets import Triplets

Array = NDArray[np.float64]

CONFIG, DATASET = Path("config/full.yaml"), "fashion-mnist"
LOSS: Loss = "contrastive"
SEEDS, Z, TIMES = 10, 8, 500
N, D, H, OUTPUTS = 1000, 784, 4096, 10  # of the nets


@dataclass(frozen=True)
class LinearProblem:
    """Triplets, starts W(0) (S, d, z), and the times until the constrained flow has converged."""

    triplets: Triplets
    C: Array
    starts: Array
    times: Array  # (500,), closer at the start
    transient: float  # the time in which errors of steps peak
    labels: NDArray[np.int64]  # of the test items
    test: Array
    norm: float  # ‖C‖


def linear_problem() -> LinearProblem:
    config = load_config(CONFIG)
    settings, steps = config.datasets[DATASET], config.value("grassmannian")
    dataset = load(settings, DATASET, config.root_seed)
    triplets = draw_triplets(dataset, settings, stream(config.root_seed, "triplets", DATASET))
    C = form_of(triplets, LOSS)
    eigenvalues = np.asarray(np.linalg.eigvalsh(C), dtype=np.float64)
    norm = float(np.abs(eigenvalues).max())
    starts = random_orthonormal_start(len(C), Z, seeds=SEEDS, root_seed=config.root_seed, name=DATASET)
    end = steps.convergence / (2 * gap(eigenvalues, Z))
    times = end * np.linspace(0, 1, TIMES) ** 2
    return LinearProblem(triplets, C, starts, times, steps.transient / norm, dataset.test_labels, dataset.test, norm)


@dataclass(frozen=True)
class Net:
    """Points X (n, d), weights W_1 (h, d), W_2 (h, z)."""

    X: Array
    W1: Array
    W2: Array


def net(n: int = N, d: int = D, h: int = H, z: int = OUTPUTS) -> Net:
    random = np.random.default_rng(0)
    return Net(*(random.standard_normal(shape) for shape in ((n, d), (h, d), (h, z))))


@contextmanager
def files_for_peers(problem: LinearProblem, weights: Net) -> Iterator[dict[str, str]]:
    """The same numbers as files, for the process of the peers."""
    with TemporaryDirectory() as folder:
        paths = {name: f"{folder}/{name}.npz" for name in ("linear", "net")}
        np.savez(paths["linear"], C=problem.C, W0=problem.starts[0])
        np.savez(paths["net"], X=weights.X, W1=weights.W1, W2=weights.W2)
        yield paths
