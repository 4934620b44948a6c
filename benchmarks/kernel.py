"""The tangent kernel of a two-layer net, next to neural-tangents, torch.func and matrix products; its memory."""

import resource
import sys
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.growth import Series, series
from benchmarks.peers import Peers
from benchmarks.problems import Net, net
from benchmarks.products import product_clock
from benchmarks.turns import Clock, Comparison, Peer, Target, clock, seconds
from ssl_dynamics.kernels import two_layer, two_layer_ntk, two_layer_ntk_trace

Array = NDArray[np.float64]

GROUP = "tangent kernel"
POINTS = (200, 1000)
NAIVE_POINTS = 2  # of torch.func, whose Jacobians are 260 MB each
LEAST_RATIO = {True: 8.0, False: 1.5}  # by whether the trace over the outputs is taken
LEAST_SHARE = 0.8
MOST_MEMORY = 2.0


def comparisons(weights: Net, peers: Peers, path: str) -> list[Comparison]:
    return [_comparison(weights, n, trace, peers, path) for n in POINTS for trace in (True, False)]


def _comparison(weights: Net, n: int, trace: bool, peers: Peers, path: str) -> Comparison:
    (h, d), z = weights.W1.shape, weights.W2.shape[1]
    shapes = [(n, d, h), (n, h, n)]
    needed = operations(n, d, h, z, trace=trace)
    ours = _kernel(weights, n, trace)
    jacobians = _jacobians(weights, NAIVE_POINTS)
    products = product_clock(2 * n**2 * (z if trace else z**2) * h * (d + z), shapes)
    naive = Peer(
        "torch.func",
        lambda: n / NAIVE_POINTS * jacobians() + products(),
        note=f"no less than this: its Jacobians, timed at n = {NAIVE_POINTS}, are linear in n, and their products are "
        "counted at the rate of the machine's own, without what memory they take",
    )
    structured = Peer(
        "neural-tangents",
        peers.clock("tangent kernel", problem=path, n=n, trace=trace),
        targets=(Target("ratio", LEAST_RATIO[trace]), Target("share", LEAST_SHARE)),
        note="structured derivatives, compiled and warm. "
        + _where_operations_go(n, d, h, z, None if trace else product_share(ours)),
    )
    return Comparison(
        GROUP,
        f"{'trace' if trace else 'full'}, n = {n}, d = {d}, h = {h}, z = {z}",
        clock(ours),
        (structured, naive),
        "matrix products of as many operations",
        product_clock(needed, shapes),
    )


def _kernel(weights: Net, n: int, trace: bool) -> Callable[[], Array]:
    function = two_layer_ntk_trace if trace else two_layer_ntk
    return partial(function, weights.X[:n], weights.W1, weights.W2, activation="relu")


def operations(n: int, d: int, h: int, z: int, *, trace: bool) -> int:
    """XW_1ᵀ in full; of XXᵀ, ΦΦᵀ and the products D_a D_bᵀ one half, for they are symmetric: copying is no work.

    There are z(z + 1)/2 of the latter, or one where the trace over the outputs is taken.
    """
    return _operations(n * (n + 1) // 2, n, d, h, 1 if trace else z * (z + 1) // 2)


def by_strips(n: int, d: int, h: int, z: int) -> int:
    """Of the full kernel as it is computed: each strip of rows meets itself in full, and the samples before it."""
    rows = [min(two_layer._STRIP, n - start) for start in range(0, n, two_layer._STRIP)]
    entries = sum(height * stop for height, stop in zip(rows, accumulate(rows), strict=True))
    return _operations(entries, n, d, h, z * (z + 1) // 2)


def product_share(ours: Callable[[], object]) -> float:
    """Share of the CPU time of a full kernel in its products of weighted slopes, which alone call np.matmul by name."""
    taken: list[float] = []
    multiply = np.matmul

    def timed(left: Array, right: Array, out: Array) -> None:
        taken.append(seconds(lambda: multiply(left, right, out=out)))

    ours()
    with mock.patch.object(np, "matmul", timed):
        whole = seconds(ours)
    return sum(taken) / whole


def _where_operations_go(n: int, d: int, h: int, z: int, in_products: float | None) -> str:
    """What bounds the ratio and the share, in numbers; `in_products` is for a full kernel."""
    needed = operations(n, d, h, z, trace=in_products is None)
    words = f"Of the operations that the limit counts {2 * n * h * d / needed:.0%} are XW_1ᵀ, which every method takes"
    if in_products is None:
        return words
    strips = by_strips(n, d, h, z) / needed
    return (
        f"{words}; whole strips of {two_layer._STRIP} rows make ours {strips:.2f} times as many as it counts. The "
        f"products of slopes take {in_products:.2f} of our time; the rest is XW_1ᵀ, XXᵀ, ΦΦᵀ, and passes over memory "
        "that weight the slopes and spread the blocks"
    )


def _operations(entries: int, n: int, d: int, h: int, pairs: int) -> int:
    return 2 * n * h * d + 2 * entries * (d + h + h * pairs)


def _jacobians(weights: Net, n: int) -> Clock:
    """A clock of the Jacobians of n points by torch.func."""
    X, *parameters = (torch.from_numpy(array) for array in (weights.X[:n], weights.W1, weights.W2))
    (h, d) = weights.W1.shape

    def output(x: torch.Tensor, W1: torch.Tensor, W2: torch.Tensor) -> torch.Tensor:
        u: torch.Tensor = 2**0.5 * torch.relu(x @ W1.T / d**0.5) @ W2 / h**0.5
        return u

    jacobian = torch.func.vmap(torch.func.jacrev(output, argnums=(1, 2)), in_dims=(0, None, None))
    return clock(lambda: jacobian(X, *parameters))


def growing() -> list[Series]:
    """Growth of the full kernel in n, d, h and z."""
    base = {"n": 200, "d": 784, "h": 1024, "z": 10}
    ranges = {"n": (150, 300, 600), "d": (784, 1568, 3136), "h": (1024, 2048, 4096), "z": (5, 10, 20)}
    return [
        series(
            "tangent kernel, full",
            size,
            sizes,
            lambda value, size=size: _sized(base | {size: value}),  # type: ignore[misc]
            lambda value, size=size: operations(**base | {size: value}, trace=False),  # type: ignore[misc]
        )
        for size, sizes in ranges.items()
    ]


def _sized(sizes: dict[str, int]) -> Clock:
    return clock(_kernel(net(**sizes), sizes["n"], trace=False))


def memory() -> float:
    """Peak memory of a call over what its result and its activations take; to be asked in a process of its own."""
    weights = net()
    (n, _), (h, z) = weights.X.shape, weights.W2.shape
    before = _peak_bytes()
    seconds(_kernel(weights, n, trace=False))
    taken: float = (_peak_bytes() - before) / (8 * ((n * z) ** 2 + 2 * n * h))
    return taken


def _peak_bytes() -> int:
    """Largest resident size of this process so far. Not `ru_maxrss` on Linux: that of its parent is the least of it."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
