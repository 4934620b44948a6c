"""How near the tangent kernel comes to the machine's own matrix products, and what memory it takes: `make benchmark`.

Both rates are measured in one run, by turns, on the same threads, in CPU time, which other programs on the machine
disturb least; the best of the turns counts. The rate of the kernel counts the operations that the closed form needs,
each symmetric product by its half, and nothing else: copying, or computing a half twice, lowers it.
"""

import argparse
import ctypes
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ssl_dynamics.kernels import two_layer_ntk

Array = NDArray[np.float64]

LEAST_RATIO, MOST_MEMORY = 0.6, 2.0
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt in glibc


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = {"n": 1000, "d": 784, "h": 4096, "z": 10, "turns": 4, "threads": 1}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    n, d, h, z = arguments.n, arguments.d, arguments.h, arguments.z
    keep_freed_memory()
    random = np.random.default_rng(0)
    X, W1, W2 = (random.standard_normal(shape) for shape in ((n, d), (h, d), (h, z)))

    def kernel() -> Array:
        return two_layer_ntk(X, W1, W2, activation="relu")

    with threadpool_limits(arguments.threads):
        before = peak_bytes()
        first_call = seconds(kernel)
        taken = peak_bytes() - before
        output, activations = 8 * (n * z) ** 2, 8 * 2 * n * h

        products = {
            "(n, d)(d, h)": (X, W1.T.copy()),
            "(n, h)(h, n)": (random.standard_normal((n, h)), random.standard_normal((h, n))),
        }
        needed = operations(n, d, h, z)
        rates, kernel_rate = dict.fromkeys(products, 0.0), 0.0
        for _ in range(arguments.turns):
            for shape, (left, right) in products.items():
                rates[shape] = max(rates[shape], product_rate(left, right, needed))
            kernel_rate = max(kernel_rate, needed / seconds(kernel))

    ratio, memory = kernel_rate / max(rates.values()), taken / (output + activations)
    print(f"n = {n}, d = {d}, h = {h}, z = {z}, float64, {arguments.threads} thread(s); rates in CPU time")
    for shape, rate in rates.items():
        print(f"matrix product {shape}: {rate / 1e9:5.1f} Gflop/s")
    print(f"two_layer_ntk, whole kernel: {kernel_rate / 1e9:5.1f} Gflop/s ({needed / 1e9:.0f} Gflop needed)")
    print(f"ratio to the faster product: {ratio:.2f} (at least {LEAST_RATIO})")
    print(f"a call: {needed / kernel_rate:.2f} s; the first, which gets its memory from the system: {first_call:.2f} s")
    print(
        f"peak memory of a call: {taken / 1e6:.0f} MB = {memory:.2f} × (output {output / 1e6:.0f} MB + activations "
        f"{activations / 1e6:.0f} MB) (at most {MOST_MEMORY:g})"
    )
    if ratio < LEAST_RATIO or memory > MOST_MEMORY:
        sys.exit("the tangent kernel is too slow or takes too much memory")


def operations(n: int, d: int, h: int, z: int) -> int:
    """XW_1ᵀ in full; of XXᵀ, ΦΦᵀ and the z(z + 1)/2 products D_a D_bᵀ one half, for they are symmetric."""
    return 2 * n * h * d + n * (n + 1) * (d + h + h * z * (z + 1) // 2)


def product_rate(left: Array, right: Array, operations: int) -> float:
    """Operations a second of one matrix product, repeated until there are as many as asked for."""
    flops = 2 * left.shape[0] * left.shape[1] * right.shape[1]
    times = -(-operations // flops)
    result = left @ right

    def repeated() -> None:
        for _ in range(times):
            np.matmul(left, right, out=result)

    return times * flops / seconds(repeated)


def seconds(function: Callable[[], object]) -> float:
    """CPU time of all threads."""
    started = time.process_time()
    function()
    return time.process_time() - started


def peak_bytes() -> int:
    """Largest resident size of this process so far; Linux counts it in KiB, macOS in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def keep_freed_memory() -> None:
    """Let freed memory stay with the process: every call but the first then measures arithmetic, not page faults."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)


if __name__ == "__main__":
    main()
