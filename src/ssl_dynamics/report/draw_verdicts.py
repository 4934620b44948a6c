"""From the verdicts of many draws to one that is of the next draw.

Of a claim on a mean, the value of the next draw is predicted (`analysis.draws.predict`):

- *holds for the next draw*: its 95 % prediction interval lies within the criterion, in every draw there is a value, and
  in none does the control meet the criterion;
- *holds on average*: the 95 % interval of the mean over draws lies within it, no control meets the criterion, and the
  claim passes in at least one draw. If some draws have no value, one more condition: with 95 % confidence (Clopper and
  Pearson, one-sided) more than half of all draws have one;
- *fails*: the 95 % interval of the mean over draws lies outside;
- *open*: else.

Means and intervals are of the draws that have a value: nothing is assumed of the others.

The largest or smallest over seeds has no standard error, and nothing is assumed of its distribution. Draws are counted:

- *holds for the next draw*: every draw passes, of 19 or more, so that the next one is with a probability of 0.95 not
  worse than all of them (`analysis.draws.level_of_extremes`);
- *holds on average*: with 95 % confidence more than half of all draws pass;
- *fails*: with 95 % confidence more than half of all draws fail;
- *open*: else.

A draw that has stopped, or is open, does not pass. A claim has the verdict of its worst cell.

Criteria and sizes were set on the run of the configuration's own root seed. It is shown and counted, and is one of the
draws of intervals, but the probability that a fresh draw passes is that of the others.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ssl_dynamics.analysis import INTERVAL_LEVEL, least_probability, level_of_extremes, predict, standard_error
from ssl_dynamics.claims.common import WORST_FIRST
from ssl_dynamics.claims.verdict import EXTREMES, Criterion
from ssl_dynamics.report.formatting import AVERAGE, FAILS, NEXT, OPEN, OVER_DRAWS, Record
from ssl_dynamics.root_seed import LEAST_DRAWS


def over_draws(draws: Sequence[Sequence[Record] | None], *, own: int | None = None) -> list[Record]:
    """The record of each claim over draws: of each its `claims.json`, None where it has stopped.

    Every draw that has not stopped has the same claims and cells, since it is of the same configuration, of whose own
    root seed the draw number `own` is, if one is.
    """
    by_id = [None if records is None else {record["id"]: record for record in records} for records in draws]
    first = next((records for records in draws if records is not None), ())
    return [
        claim_over_draws([None if draw is None else draw[record["id"]] for draw in by_id], record, own=own)
        for record in first
    ]


def over_equation_draws(draws: Sequence[Record], records: Sequence[Record], *, own: int | None = None) -> list[Record]:
    """The record over draws of each claim that needs no training; of each draw what the stage `equations` keeps of it.

    `records` is the `claims.json` of a run: what a claim says, and in which cells.
    """
    stated = {record["id"]: record for record in records}
    ids = draws[0]["claims"] if draws else ()
    return [
        claim_over_draws(
            [
                None if cells is None else {**stated[name], "cells": cells}
                for cells in (draw["claims"][name] for draw in draws)
            ],
            stated[name],
            own=own,
        )
        for name in ids
    ]


def by_draw(roots: Sequence[int], draws: Sequence[Sequence[Record] | None]) -> list[Record]:
    """Each draw by its root seed: how many claims pass of how many, and the others; None of one that has stopped."""
    return [
        {
            "root_seed": root,
            "claims": None if records is None else len(records),
            "below": None if records is None else {r["id"]: r["verdict"] for r in records if r["verdict"] != "pass"},
        }
        for root, records in zip(roots, draws, strict=True)
    ]


def equations_by_draw(draws: Sequence[Record]) -> list[Record]:
    """Each draw of what needs no training: its root seed, how many claims, those that do not pass, what has failed."""
    return [
        {
            "root_seed": draw["root_seed"],
            "claims": len(draw["claims"]),
            "below": {
                name: "stopped" if cells is None else _verdict(cells)
                for name, cells in draw["claims"].items()
                if cells is None or _verdict(cells) != "pass"
            },
            "failed": draw["failed"],
        }
        for draw in draws
    ]


def _verdict(cells: Sequence[Record]) -> str:
    """That of a claim: of its worst cell."""
    worst: str = min((cell["verdict"] for cell in cells), key=WORST_FIRST.index)
    return worst


def claim_over_draws(records: Sequence[Record | None], claim: Record, *, own: int | None = None) -> Record:
    """A claim over draws, from its record in each; `claim` is one of a draw that has not stopped; `own` as above."""
    criterion = criterion_of(claim["criterion"])
    cells = []
    for place, cell in enumerate(claim["cells"]):
        of_draws = [None if record is None else record["cells"][place] for record in records]
        cells.append({"cell": cell["cell"], **cell_over_draws(of_draws, claim["statistic"], criterion, own=own)})
    decisive = min(
        cells, key=lambda cell: (OVER_DRAWS.index(cell["verdict"]), cell["passes"], _margin(cell, criterion))
    )
    return {
        **{name: claim[name] for name in ("id", "source", "statement", "evidence", "statistic", "criterion")},
        **{name: value for name, value in decisive.items() if name != "values"},
        "cells": cells,
    }


def cell_over_draws(
    cells: Sequence[Record | None], statistic: str, criterion: Criterion, *, own: int | None = None
) -> Record:
    """A cell of a claim over draws: values, counts, what is predicted, verdict and why it is no better."""
    seen = [cell for cell in cells if cell is not None]
    known = [cell for cell in seen if cell["value"] is not None]
    counts = {verdict: sum(cell["verdict"] == verdict for cell in seen) for verdict in ("pass", "open", "fail")}
    fresh = [cell for place, cell in enumerate(cells) if place != own]
    fresh_counts = {
        verdict: sum(cell is not None and cell["verdict"] == verdict for cell in fresh) for verdict in counts
    }
    controls = sum(cell["control"]["verdict"] == "pass" for cell in seen)
    values = [None if cell is None else cell["value"] for cell in cells]
    predicted: dict[str, float | None] = dict.fromkeys(_PREDICTED)
    if statistic != "mean":
        verdict, reason = _by_counts(len(fresh), fresh_counts, whole=counts["pass"] == len(cells))
        if known:
            predicted["worst"] = float(EXTREMES[statistic](np.array([cell["value"] for cell in known])))
    elif len(known) < LEAST_DRAWS:
        verdict, reason = OPEN, f"{len(known)} of {len(cells)} draws have a value"
    else:
        errors = [standard_error(cell["low"], cell["high"], cell["seeds"]) for cell in known]
        predicted |= asdict(predict([cell["value"] for cell in known], errors))
        verdict, reason = _by_intervals(predicted, criterion, controls)
        verdict, reason = _at_best(verdict, reason, len(cells), len(known), counts["pass"])
    return {
        "values": values,
        **predicted,
        "draws": len(cells),
        "passes": counts["pass"],
        "open": counts["open"],
        "stopped": len(cells) - len(seen),
        "fresh": len(fresh),
        "least_probability": least_probability(fresh_counts["pass"], len(fresh)),
        "verdict": verdict,
        "reason": reason,
    }


_PREDICTED = ("mean", "mean_low", "mean_high", "low", "high", "between", "within", "worst")


def _by_counts(draws: int, counts: Mapping[str, int], *, whole: bool) -> tuple[str, str]:
    """From the fresh draws; `whole` says whether it holds in all, that of the own root seed included."""
    passes, fails = counts["pass"], counts["fail"]
    if whole and level_of_extremes(draws) >= INTERVAL_LEVEL:
        return NEXT, ""
    seen = f"it holds in {passes} of {draws} fresh draws"
    if least_probability(passes, draws) > 1 / 2:
        return AVERAGE, f"{seen}; for the next draw it must hold in all, of 19 or more"
    if least_probability(fails, draws) > 1 / 2:
        return FAILS, f"it fails in {fails} of {draws} fresh draws"
    return OPEN, f"{seen}, too few to say that more than half of all do"


def _by_intervals(predicted: Mapping[str, float | None], criterion: Criterion, controls: int) -> tuple[str, str]:
    low, high, mean_low, mean_high = (
        float(predicted[name] or 0.0) for name in ("low", "high", "mean_low", "mean_high")
    )
    least, most = criterion.bounds
    if mean_high < least or mean_low > most:
        return FAILS, "the interval of the mean over draws lies outside the criterion"
    if controls:
        return OPEN, f"the control meets the criterion in {controls} draws"
    if min(map(criterion.margin, (mean_low, mean_high))) < 0:
        return OPEN, "the interval of the mean over draws reaches over a bound of the criterion"
    if min(map(criterion.margin, (low, high))) < 0:
        return AVERAGE, "the prediction interval reaches over a bound of the criterion"
    return NEXT, ""


def _at_best(verdict: str, reason: str, draws: int, known: int, passes: int) -> tuple[str, str]:
    """What is left of the verdict by intervals, of the draws with a value, where some have none or none passes."""
    if verdict not in (AVERAGE, NEXT):
        return verdict, reason
    if not passes:
        return OPEN, "no draw holds by itself"
    if known == draws:
        return verdict, reason
    if least_probability(known, draws) <= 1 / 2:
        return OPEN, f"{known} of {draws} draws have a value, too few to say that more than half of all do"
    return AVERAGE, reason or f"{draws - known} draws have no value"


def _margin(cell: Record, criterion: Criterion) -> float:
    """How far inside the criterion the next draw is predicted, or the worst draw has been; the smaller the worse."""
    numbers = [cell[name] for name in ("low", "high", "worst") if cell[name] is not None]
    return min(map(criterion.margin, numbers)) if numbers else -math.inf


def criterion_of(record: Mapping[str, Any]) -> Criterion:
    """The criterion of a record of a claim."""
    threshold = record["threshold"]
    return Criterion(record["operator"], tuple(threshold) if isinstance(threshold, list) else threshold)
