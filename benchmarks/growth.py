"""How times grow with one size, next to how the operations grow that the formulas need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy.stats import linregress

from benchmarks.turns import TURNS, Clock

# A tenth in the exponent is a factor of 1.26 in ten. Smaller problems use the machine less, larger ones the caches.
MOST_ABOVE = 0.1


@dataclass(frozen=True)
class Series:
    """A computation at several sizes of one kind, with the operations that it needs at each."""

    what: str
    size: str
    sizes: tuple[int, ...]
    clocks: tuple[Clock, ...]
    operations: tuple[float, ...]


@dataclass(frozen=True)
class Growth:
    """Fitted exponent of the time, its standard error, and that of the operations over the same sizes."""

    what: str
    size: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]  # medians over the turns
    exponent: float
    error: float
    expected: float

    @property
    def met(self) -> bool:
        return self.exponent <= self.expected + MOST_ABOVE


def series(
    what: str, size: str, sizes: Sequence[int], make: Callable[[int], Clock], operations: Callable[[int], float]
) -> Series:
    return Series(what, size, tuple(sizes), tuple(map(make, sizes)), tuple(map(operations, sizes)))


def grow(growing: Series, turns: int = TURNS) -> Growth:
    """All sizes in every turn; a line through the logarithms of all times."""
    times = [[clock() for clock in growing.clocks] for _ in range(turns)]
    exponent, error = fitted_exponent(growing.sizes * turns, [time for turn in times for time in turn])
    expected, _ = fitted_exponent(growing.sizes, growing.operations)
    middle = tuple(median(column) for column in zip(*times, strict=True))
    return Growth(growing.what, growing.size, growing.sizes, middle, exponent, error, expected)


def fitted_exponent(sizes: Sequence[int], values: Sequence[float]) -> tuple[float, float]:
    """Slope of ln(value) against ln(size) by least squares, and its standard error."""
    fit = linregress(np.log(sizes), np.log(values))
    return float(fit.slope), float(fit.stderr)
