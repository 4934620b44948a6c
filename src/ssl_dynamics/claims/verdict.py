"""Verdicts: a claim passes where its interval meets its criterion and its control does not."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import least_probability, mean_interval, not_below, sign_test
from ssl_dynamics.claims.common import WORST_FIRST
from ssl_dynamics.claims.resolving import resolving_power
from ssl_dynamics.claims.rounding import Rounding
from ssl_dynamics.claims.rows import Array, of_seeds, per_seed, rows_of
from ssl_dynamics.unsettled import Unsettled

Verdict = Literal["pass", "open", "fail"]
Key = tuple[str, str, int]  # data set, loss, dimension
T = TypeVar("T")
OfRows = Callable[[pd.DataFrame], T]  # of the rows of one cell
Measure = Callable[[pd.DataFrame], "pd.Series[float]"]
OfError = Callable[[float], "pd.Series[float]"]  # of the relative error by which a theory is wrong
Wrong = Callable[[pd.DataFrame], OfError]
Statistic = Literal["mean", "largest", "smallest"]
Evidence = Literal["trained", "equations", "random nets"]
Abstract = Literal["A1", "A2", "A3", "A4", "A5", "F1", "F2", "F3", "F4"]  # a claim of the paper, or of the follow-up

EXTREMES: dict[str, Callable[[Array], float]] = {"largest": np.max, "smallest": np.min}


@dataclass(frozen=True)
class Criterion:
    """`operator` one of "<=", ">=", "within" (threshold a closed interval)."""

    operator: Literal["<=", ">=", "within"]
    threshold: float | tuple[float, float]

    @property
    def bounds(self) -> tuple[float, float]:
        """The numbers that meet it, from … to …."""
        if isinstance(self.threshold, tuple):
            return self.threshold
        return (-np.inf, self.threshold) if self.operator == "<=" else (self.threshold, np.inf)

    def margin(self, value: float) -> float:
        """How far inside the criterion the value lies; negative where it fails, and where it is not a number."""
        low, high = self.bounds
        return min(value - low, high - value) if np.isfinite(value) else -np.inf

    def p_value(self, values: Array) -> float:
        """P-value of the hypothesis that the mean does not meet it: the larger of the one-sided tests at its bounds."""
        low, high = self.bounds
        return max(
            not_below(values, high) if np.isfinite(high) else 0.0, not_below(-values, -low) if np.isfinite(low) else 0.0
        )


@dataclass(frozen=True)
class Control:
    """What must fail the same criterion; its measure reads the claim's table, of another experiment if it names one.

    `theory` is what theory alone says of the control. Where that meets the criterion for a seed, right and wrong theory
    say the same, and no training could tell them apart: the control is judged without that seed.
    """

    description: str
    measure: Measure
    experiment: str | None = None
    theory: Measure | None = None
    one_item: OfRows[float] | None = None  # as of a claim


@dataclass(frozen=True)
class Claim:
    """One statement, how it is measured seed by seed, when it holds, and what must fail.

    `measure` takes the rows of one cell (data set, loss, dimension) and returns one number for each seed; `statistic`
    turns them into the value that is judged. `formula` is the equation that is tested, as LaTeX in the
    notation of docs/theory.md. `evidence` is what was measured: trained models, equations against formulas, or random
    nets without dynamics. `source` says where the statement comes from; what claims of the two abstracts it `bears_on`
    besides is named apart. `wrong` takes the rows as well, and returns the measure as a function of the relative error,
    a number of either sign, by which theory is wrong; without it the claim has no resolving power. `rounding` is given
    where theory says that the measure is zero, `one_item` where it counts test items: the most by which one of them, on
    the other side of a border of classes, changes it.
    """

    id: str
    source: Literal["A1", "A2", "A3", "A4", "A5", "follow-up", "beyond"]
    statement: str
    formula: str
    quantity: str
    experiment: str
    table: str
    measure: Measure
    statistic: Statistic
    criterion: Criterion
    control: Control
    figure: str
    evidence: Evidence = "trained"
    wrong: Wrong | None = None
    rounding: Rounding | None = None
    one_item: OfRows[float] | None = None
    bears_on: tuple[Abstract, ...] = ()
    every_loss: bool = True  # False: the table is the same for all losses, of which the first is judged
    every_seed: bool = True  # False: the data alone make the value, so that seeds are copies, and count as one

    @property
    def abstracts(self) -> tuple[str, ...]:
        """The claims of the two abstracts whose verdict feels this one."""
        own = () if self.source in ("follow-up", "beyond") else (self.source,)
        return (*own, *self.bears_on)

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
    """A number, how far it is known, and the verdict.

    Of a mean over seeds, [low, high] is its 95 % t-interval; of the largest or smallest it is the range over the seeds,
    of which `met` of `seeds` meet the criterion. `p` is the p-value of the hypothesis that the criterion is not met: of
    a mean by t-tests, else that a fresh seed meets it with a probability of at most 1/2. Copies of one value have none,
    and say nothing of a fresh seed: nan.
    """

    value: float
    low: float
    high: float
    margin: float
    p: float
    met: int
    seeds: int
    verdict: Verdict
    reason: str = ""  # why a claim is open

    @property
    def least_probability(self) -> float:
        """With 95 % confidence a fresh seed meets the criterion with at least this probability."""
        return np.nan if np.isnan(self.p) else least_probability(self.met, self.seeds)

    def as_copies(self) -> "Judged":
        """The same of seeds that are copies of one value: it is one."""
        return replace(self, met=self.met // self.seeds, seeds=1, p=np.nan)


def judge(values: Array, statistic: Statistic, criterion: Criterion) -> Judged:
    """Judge one number a seed.

    A mean passes if its interval lies within the criterion, fails if it lies outside, and is open where it reaches over
    a bound. The largest or smallest passes if every seed meets the criterion, and fails else. What is not finite fails.
    """
    seeds = len(values)
    if not seeds or not np.isfinite(values).all():
        return Judged(np.nan, np.nan, np.nan, -np.inf, 1.0, 0, max(seeds, 1), "fail")
    met = sum(criterion.margin(float(value)) >= 0 for value in values)
    if statistic != "mean":
        value = float(EXTREMES[statistic](values))
        low, high = float(values.min()), float(values.max())
        p = sign_test(met, seeds)
        return Judged(value, low, high, criterion.margin(value), p, met, seeds, "pass" if met == seeds else "fail")
    if seeds < 2:
        raise ValueError("a mean is judged by its spread over seeds: at least 2 are needed")
    low, high = mean_interval(values)
    margin = min(criterion.margin(low), criterion.margin(high))
    least, most = criterion.bounds
    verdict: Verdict = "pass" if margin >= 0 else "fail" if high < least or low > most else "open"
    reason = "the interval of the mean reaches over a bound of the criterion" if verdict == "open" else ""
    return Judged(float(values.mean()), low, high, margin, criterion.p_value(values), met, seeds, verdict, reason)


@dataclass(frozen=True)
class JudgedControl:
    """A control: its value on the seed on which it comes nearest to the criterion, on how many seeds, the verdict."""

    value: float
    seeds: int
    verdict: Verdict


def judge_control(per_seed: Array, criterion: Criterion, by_theory: Array | None = None) -> JudgedControl:
    """Judge a control on the seed on which it comes nearest to the criterion. It must fail there.

    Seeds for which `by_theory`, one number each, meets the criterion are left out. A control that was not measured on
    every seed that is left proves nothing: it counts as passed, which breaks its claim. Raises Unsettled where fewer
    than half of the seeds are left.
    """
    if by_theory is not None:
        alike = np.array([criterion.margin(float(value)) >= 0 for value in by_theory], dtype=bool)
        if 2 * alike.sum() > len(alike):
            raise Unsettled(
                f"of {alike.sum()} of {len(alike)} seeds theory says the same of the control, "
                f"{by_theory[alike][0]:.3g}: this draw tells nothing"
            )
        per_seed = per_seed[~alike]
    if not len(per_seed) or not np.isfinite(per_seed).all():
        return JudgedControl(np.nan, len(per_seed), "pass")
    nearest = max(map(float, per_seed), key=criterion.margin)
    return JudgedControl(nearest, len(per_seed), "pass" if criterion.margin(nearest) >= 0 else "fail")


@dataclass(frozen=True)
class Cell:
    """A claim judged on one data set, loss and dimension.

    `resolves`: see `resolving_power`, nan without one; `one_item`: what a test item changes of the value, the control.
    """

    name: str
    claim: Judged
    control: JudgedControl
    resolves: float = np.nan
    one_item: tuple[float, float] = (0.0, 0.0)

    @property
    def verdict(self) -> Verdict:
        """That of the claim, unless the control breaks it."""
        return self.claim.verdict if self.control.verdict == "fail" else "fail"


def judge_claim(
    claim: Claim,
    tables: Mapping[tuple[str, str], pd.DataFrame],
    grid: Mapping[str, Sequence[Key]],
    seeds: int,
    left_open: Mapping[tuple[str, str], Mapping[Key, str]] = MappingProxyType({}),
) -> list[Cell]:
    """Judge a claim on every cell on which its experiment runs, and on every seed.

    `tables` maps (experiment, table) to tidy rows; `grid` maps an experiment to the (data set, loss, dimension) that it
    must have; a cell or a seed that is missing counts as not finite, which fails. Cells outside the grid of the
    control's experiment are left out: a representation of one dimension cannot collapse. A cell that a draw cannot
    settle is open: a measure says so, or `left_open`, which maps as `tables` does to the cells that have no rows for a
    reason. If only the control cannot be settled, a claim that fails by its own value still fails.
    """
    keys = [key for key in grid[claim.experiment] if key in grid[claim.control_table[0]]]
    if not claim.every_loss:
        keys = list({(dataset, z): (dataset, loss, z) for dataset, loss, z in reversed(keys)}.values())[::-1]
    own, control = (left_open.get(table, {}) for table in (claim.own_table, claim.control_table))
    judged = (_judge_cell(claim, tables, key, seeds, control.get(key, "")) for key in keys if key not in own)
    return [_open_cell(key, seeds, own[key]) if key in own else next(judged) for key in keys]


def _open_cell(key: Key, seeds: int, reason: str) -> Cell:
    unknown = Judged(np.nan, np.nan, np.nan, -np.inf, 1.0, 0, seeds, "open", reason)
    return Cell("/".join(map(str, key)), unknown, JudgedControl(np.nan, 0, "fail"))


def _judge_cell(
    claim: Claim, tables: Mapping[tuple[str, str], pd.DataFrame], key: Key, seeds: int, control_left_open: str
) -> Cell:
    own = rows_of(tables[claim.own_table], key)
    try:
        result = judge(per_seed(claim.measure, own, seeds), claim.statistic, claim.criterion)
    except Unsettled as why:
        return _open_cell(key, seeds, str(why))
    result = result if claim.every_seed else result.as_copies()
    control_rows = rows_of(tables[claim.control_table], key)
    try:
        control = _judge_control_of(claim, control_rows, seeds, control_left_open)
    except Unsettled as why:
        unknown = _open_cell(key, seeds, str(why))
        return replace(unknown, claim=result) if result.verdict == "fail" else unknown
    changes = (claim.one_item, own), (claim.control.one_item, control_rows)
    first, second = (change(rows) if change and not rows.empty else 0.0 for change, rows in changes)
    cell = Cell("/".join(map(str, key)), result, control, one_item=(first, second))
    if claim.wrong is None or result.verdict != "pass":
        return cell
    if_wrong_by = claim.wrong(own)

    def fails(error: float) -> bool:
        with suppress(Unsettled):
            return judge(of_seeds(if_wrong_by(error), seeds), claim.statistic, claim.criterion).verdict == "fail"
        return False

    return replace(cell, resolves=resolving_power(fails))


def _judge_control_of(claim: Claim, rows: pd.DataFrame, seeds: int, left_open: str) -> JudgedControl:
    """Raises Unsettled where a draw has left the cell open, which is the reason why, or where the measures do."""
    if left_open:
        raise Unsettled(left_open)
    measured = per_seed(claim.control.measure, rows, seeds)
    theory = claim.control.theory
    return judge_control(measured, claim.criterion, None if theory is None else per_seed(theory, rows, seeds))


def closest_to_failing(cells: list[Cell]) -> Cell:
    """The cell that decides: one that fails if there is any, else one that is open, else the smallest margin."""
    return min(cells, key=lambda cell: (WORST_FIRST.index(cell.verdict), cell.claim.margin))
