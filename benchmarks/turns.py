"""Times taken in turn: ours, the peer, the limit, and again. CPU seconds of all threads, which other programs disturb
least; each turn gives ratios of what was timed one after the other, and their spread is the error of the benchmark.
"""

import ctypes
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

TURNS = 5
LEAST_SECONDS = 0.2  # a call that is shorter is repeated: the clock counts in milliseconds on some systems
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt in glibc

Clock = Callable[[], float]  # CPU seconds of one call, timed anew
Quantity = Literal["ratio", "share"]


@dataclass(frozen=True)
class Target:
    """What a row is to reach: the median of its ratio or of its share of the limit, between these two."""

    of: Quantity
    least: float
    most: float | None = None


@dataclass(frozen=True)
class Peer:
    """What we are compared with. One too slow to run whole is timed in part, of which `calls` make the whole."""

    name: str
    clock: Clock
    calls: float = 1
    targets: tuple[Target, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """What to measure: a row for each peer, all of them next to the same times of ours."""

    group: str
    what: str
    ours: Clock
    peers: tuple[Peer, ...]
    limit: str = ""  # what bounds our time from below
    limit_clock: Clock | None = None


@dataclass(frozen=True)
class Row:
    """A row as measured, all turns kept: ratio = peer/ours, share = limit/ours."""

    group: str
    what: str
    peer: str
    limit: str
    note: str
    targets: tuple[Target, ...]
    ours: tuple[float, ...]
    peers: tuple[float, ...]
    limits: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        return tuple(peer / ours for peer, ours in zip(self.peers, self.ours, strict=True))

    @property
    def shares(self) -> tuple[float, ...]:
        """Empty where nothing bounds the time."""
        return tuple(limit / ours for limit, ours in zip(self.limits, self.ours, strict=False))

    def reached(self, target: Target) -> bool:
        """Whether the median is where the target asks for it."""
        middle = median(self.ratios if target.of == "ratio" else self.shares)
        return target.least <= middle and (target.most is None or middle <= target.most)


def clock(function: Callable[[], object]) -> Clock:
    """A clock of calls of a function that has been called once, repeated until there is something to measure."""
    once = seconds(function)
    if once < LEAST_SECONDS:  # what a first call does besides counts for less in a long one
        once = seconds(function)
    repeats = max(1, round(LEAST_SECONDS / max(once, 1e-9)))

    def repeated() -> None:
        for _ in range(repeats):
            function()

    return lambda: seconds(repeated) / repeats


def seconds(function: Callable[[], object]) -> float:
    """CPU time of all threads."""
    started = time.process_time()
    function()
    return time.process_time() - started


def take(comparisons: Sequence[Comparison], say: Callable[[str], None], turns: int = TURNS) -> list[Row]:
    """Every turn goes through all comparisons, so that what changes slowly on the machine meets all of them."""
    taken: list[list[tuple[float, ...]]] = [[] for _ in comparisons]
    for turn in range(turns):
        for comparison, times in zip(comparisons, taken, strict=True):
            ours = comparison.ours()
            peers = [peer.calls * peer.clock() for peer in comparison.peers]
            times.append((ours, *peers, *([comparison.limit_clock()] if comparison.limit_clock else [])))
        say(f"turn {turn + 1} of {turns}")
    return [row for comparison, times in zip(comparisons, taken, strict=True) for row in _rows(comparison, times)]


def _rows(comparison: Comparison, times: list[tuple[float, ...]]) -> list[Row]:
    ours, *others = zip(*times, strict=True)
    limits = others.pop() if comparison.limit_clock else ()
    return [
        Row(
            comparison.group, comparison.what, peer.name, comparison.limit, peer.note, peer.targets, ours, taken, limits
        )
        for peer, taken in zip(comparison.peers, others, strict=True)
    ]


def keep_freed_memory() -> None:
    """Let freed memory stay with the process: every call but the first then measures arithmetic, not page faults."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)
