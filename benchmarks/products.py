"""The machine's own matrix products: the rate that bounds everything made of them."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.turns import Clock, clock

Array = NDArray[np.float64]
Shape = tuple[int, int, int]  # (m, k)(k, n)


def product_clock(operations: float, shapes: Sequence[Shape]) -> Clock:
    """Seconds of so many operations (a product and a sum are two), at the rate of the fastest of these products."""
    clocks = {shape: clock(_product(*shape)) for shape in shapes}
    rates = {shape: 2 * np.prod(shape) / take() for shape, take in clocks.items()}
    fastest = max(rates, key=rates.__getitem__)
    share = operations / (2 * float(np.prod(fastest)))
    return lambda: share * clocks[fastest]()


def _product(m: int, k: int, n: int) -> Callable[[], object]:
    random = np.random.default_rng(0)
    left, right = random.standard_normal((m, k)), random.standard_normal((k, n))
    result: Array = left @ right
    return lambda: np.matmul(left, right, out=result)
