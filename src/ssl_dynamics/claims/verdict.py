"""Verdicts: a claim passes where its interval meets its criterion and its control does not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import bootstrap_interval

Array = NDArray[Any]
Verdict = Literal["pass", "fail"]
Key = tuple[str, str, int]  # data set, loss, dimension
Measure = Callable[[pd.DataFrame], "pd.Series[float]"]

STATISTICS: dict[str, Callable[..., Array]] = {"mean": np.mean, "largest": np.max, "smallest": np.min}


@dataclass(frozen=True)
class Criterion:
    """`operator` one of "<=", ">=", "within" (threshold a closed interval)."""

    operator: Literal["<=", ">=", "within"]
    threshold: float | tuple[float, float]

    def margin(self, value: float) -> float:
        """How far inside the criterion the value lies; negative where it fails, and where it is not a number."""
        low, high = self.threshold if isinstance(self.threshold, tuple) else (self.threshold, self.threshold)
        margins = {"<=": high - value, ">=": value - low, "within": min(value - low, high - value)}
        return margins[self.operator] if np.isfinite(value) else -np.inf


@dataclass(frozen=True)
class Control:
    """What must fail the same criterion; its measure reads the claim's table, of another experiment if it names one."""

    description: str
    measure: Measure
    experiment: str | None = None


@dataclass(frozen=True)
class Claim:
    """One statement, how it is measured seed by seed, when it holds, and what must fail.

    `measure` takes the rows of one cell (data set, loss, dimension) and returns one number for each seed;
    `statistic` turns them into the value that is judged. `formula` is the equation that is tested, as LaTeX in the
    notation of docs/theory.md.
    """

    id: str
    source: Literal["A1", "A2", "A3", "A4", "A5", "follow-up", "beyond"]
    statement: str
    formula: str
    quantity: str
    experiment: str
    table: str
    measure: Measure
    statistic: Literal["mean", "largest", "smallest"]
    criterion: Criterion
    control: Control
    figure: str

    @property
    def own_table(self) -> tuple[str, str]:
        """(experiment, table) that the claim reads."""
        return self.experiment, self.table

    @property
    def control_table(self) -> tuple[str, str]:
        """(experiment, table) that its control reads."""
        return self.control.experiment or self.experiment, self.table


@dataclass(frozen=True)
class Judged:
    """A measured number with its 95 % interval and verdict."""

    value: float
    ci_low: float
    ci_high: float
    margin: float

    @property
    def verdict(self) -> Verdict:
        return "pass" if self.margin >= 0 else "fail"


def judge(per_seed: Array, statistic: str, criterion: Criterion, random: np.random.Generator) -> Judged:
    """Judge one number a seed: the value and both ends of its interval must meet the criterion."""
    if not len(per_seed) or not np.isfinite(per_seed).all():
        return Judged(np.nan, np.nan, np.nan, -np.inf)
    reduce = STATISTICS[statistic]
    value = float(reduce(per_seed))
    low, high = bootstrap_interval(per_seed, reduce, random)
    low, high = min(low, value), max(high, value)  # equal numbers may differ by their rounding
    return Judged(value, low, high, min(map(criterion.margin, (value, low, high))))


def judge_control(per_seed: Array, statistic: str, criterion: Criterion) -> Judged:
    """Judge a control by its value alone: it must fail plainly, not through a wide interval.

    A control that was not measured on every seed proves nothing: it counts as passed, which breaks its claim.
    """
    value = float(STATISTICS[statistic](per_seed)) if len(per_seed) else np.nan
    return Judged(value, value, value, criterion.margin(value) if np.isfinite(value) else np.inf)


@dataclass(frozen=True)
class Cell:
    """A claim judged on one data set, loss and dimension."""

    name: str
    claim: Judged
    control: Judged

    @property
    def verdict(self) -> Verdict:
        return "pass" if self.claim.verdict == "pass" and self.control.verdict == "fail" else "fail"


def judge_claim(
    claim: Claim,
    tables: Mapping[tuple[str, str], pd.DataFrame],
    grid: Mapping[str, Sequence[Key]],
    seeds: int,
    stream: Callable[..., np.random.Generator],
) -> list[Cell]:
    """Judge a claim on every cell on which its experiment runs, and on every seed.

    `tables` maps (experiment, table) to tidy rows; `grid` maps an experiment to the (data set, loss, dimension) that it
    must have; a cell or a seed that is missing counts as not finite, which fails. Cells outside the grid of the
    control's experiment are left out: a representation of one dimension cannot collapse.
    `stream(claim id, cell)` gives the bootstrap its random numbers.
    """
    cells = []
    for key in grid[claim.experiment]:
        if key not in grid[claim.control_table[0]]:
            continue
        name = "/".join(map(str, key))
        per_seed = _per_seed(claim.measure, tables[claim.own_table], key, seeds)
        control = _per_seed(claim.control.measure, tables[claim.control_table], key, seeds)
        judged = judge(per_seed, claim.statistic, claim.criterion, stream(claim.id, name))
        cells.append(Cell(name, judged, judge_control(control, claim.statistic, claim.criterion)))
    return cells


def _per_seed(measure: Measure, table: pd.DataFrame, key: Key, seeds: int) -> Array:
    """The measure of a cell for seeds 0 … `seeds` − 1, nan where there is none."""
    dataset, loss, dimension = key
    rows = table[(table["dataset"] == dataset) & (table["loss"] == loss) & (table["dimension"] == dimension)]
    if rows.empty:
        return np.full(seeds, np.nan)
    return measure(rows).reindex(range(seeds)).to_numpy(np.float64)


def closest_to_failing(cells: list[Cell]) -> Cell:
    """The cell that decides: one that fails if there is any, else the one whose claim has the smallest margin."""
    return min(cells, key=lambda cell: (cell.verdict == "pass", cell.claim.margin))
