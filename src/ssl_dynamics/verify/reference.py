"""The shipped reference of a run, `results/reference/<config>/`: verdicts, small tables, the versions that made them.

Another machine computes the same numbers with other rounding: its processor and its BLAS add in another order. A
number agrees with the reference within

    |here − reference| ≤ 1e−3·|reference| + 0.01·θ,

θ the threshold of its claim (half the width of an interval): a hundredth of what the verdict turns on. What counts test
items may differ by one of them besides: its claim says by how much that changes the number. Numbers of tables agree
within 1e−3 of themselves, or 1e−6 of the largest number of their column, or 1e−12, where rounding is all that is left
of an error.

Where a claim measures rounding alone, and in the columns of tables that hold nothing else, digits mean nothing: what
is compared is the verdict and the size, of a column that of its largest number (`claims/rounding.py` derives how far
two of them may be apart).

How many iterations an optimiser took and what it left of the gradient,
which is between nothing and its tolerance, are rounding alone: STOPPING is not compared.
"""

import json
import math
import platform
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ssl_dynamics.claims.rounding import Rounding, spreads_apart
from ssl_dynamics.config import Config
from ssl_dynamics.draws import draws_of, folder_of
from ssl_dynamics.engine.artifacts import read_table, write_json, write_table
from ssl_dynamics.engine.digests import digest
from ssl_dynamics.engine.provenance import SUFFIX, read_record
from ssl_dynamics.engine.run_record import processor, versions
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.formatting import Record
from ssl_dynamics.root_seed import taken_apart, variables
from ssl_dynamics.verify.expectation import DRAWS, REFERENCE, VERDICTS, place_of
from ssl_dynamics.verify.kept_draws import FOLDER, write_kept

RELATIVE, OF_THRESHOLD = 1e-3, 0.01
OF_COLUMN, ROUNDING = 1e-6, 1e-12
STOPPING = ("iterations", "gradient_left")
_EXACT = ("verdict", "control fails")
_OF_CELL = ("value", "low", "high")  # where a claim measures rounding, these are rounding
_ROUNDING = {claim.id: claim.rounding for claim in CLAIMS if claim.rounding}
_COLUMNS = {  # of the tables that hold it
    (f"{claim.experiment}/*/{claim.table}.csv", claim.rounding.column): claim.rounding
    for claim in CLAIMS
    if claim.rounding and claim.rounding.column
}
_SMALL = 16_000  # bytes; larger tables are not shipped


class Compared(NamedTuple):
    """A number here and in the reference, None where it is not finite or is not there."""

    claim: str  # or the table it stands in
    place: str  # cell and number, or column
    here: float | None
    reference: float | None
    tolerance: float  # of rounding its floor
    rounding: bool = False

    @property
    def agrees(self) -> bool:
        return self.excess() <= 1

    def excess(self) -> float:
        """The difference in tolerances, of rounding in spreads."""
        if self.here == self.reference:
            return 0.0
        if self.here is None or self.reference is None or self.tolerance == 0:
            return math.inf
        if self.rounding:
            return spreads_apart(self.here, self.reference, floor=self.tolerance)
        return abs(self.here - self.reference) / self.tolerance


def require_shipped(config: Config) -> None:
    """Raise ConfigError if there is no reference with the numbers of this configuration and root seed."""
    path = REFERENCE / config.name / VERDICTS
    if path.is_file():
        return
    own, root_seed = taken_apart(config.name)
    if root_seed is not None:
        raise ConfigError(
            f"{path}: the numbers of {own!r} with the root seed {root_seed} are not shipped; its verdicts are "
            f"judged by `make run {variables(config.name)}`"
        )
    shipped = sorted(folder.name for folder in REFERENCE.glob("*/"))
    raise ConfigError(f"{path}: no reference is shipped for {config.name!r}; there is one for {shipped}")


def write_reference(config: Config, records: Sequence[Record]) -> Path:
    """Make the present run of a configuration its reference; returns the folder.

    The old one stays until all of the new one is written. Of its draws see `_still_shipped`.
    """
    folder, new = REFERENCE / config.name, REFERENCE.with_name(f".{config.name}-reference")
    drawn = draws_to_ship(config)
    draws = drawn or _still_shipped(folder / DRAWS, records)
    shutil.rmtree(new, ignore_errors=True)
    write_json(new / VERDICTS, [_verdict(record) for record in records])
    for path in _tables(config.results):
        if path.stat().st_size <= _SMALL:
            write_table(new / path.relative_to(config.results), read_table(path))
    if draws:
        write_json(new / DRAWS, draws)
    if drawn:
        write_kept(new, drawn["made_with"], _records_of_draws(config, drawn, folder))
    elif draws and (folder / FOLDER).is_dir():
        shutil.copytree(folder / FOLDER, new / FOLDER)
    machine = {"python": platform.python_version(), "system": platform.system(), "processor": processor()}
    write_json(new / "versions.json", machine | versions())
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return new.rename(folder)


def write_draws(config: Config) -> Path:
    """Make the present draws of a configuration those of its reference, and leave the rest of it; returns the folder.

    Raises ConfigError if there is no reference or no sweep, ValueError if the sweep is of other claims or criteria.
    """
    require_shipped(config)
    folder, new = REFERENCE / config.name, REFERENCE.with_name(f".{config.name}-reference")
    drawn = draws_to_ship(config)
    if drawn is None:
        raise ConfigError(f"{folder_of(config) / DRAWS}: there are no draws; run make draws")
    if criteria(drawn["claims"]) != criteria(_shipped(config)):
        raise ValueError(f"{folder}: it is of other claims or criteria than the draws; run make reference")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(folder, new, ignore=shutil.ignore_patterns(DRAWS, FOLDER))
    write_json(new / DRAWS, drawn)
    write_kept(new, drawn["made_with"], _records_of_draws(config, drawn, folder))
    shutil.rmtree(folder)
    return new.rename(folder)


def criteria(claims: Sequence[Record]) -> dict[str, Record]:
    """The criterion of each claim."""
    return {claim["id"]: claim["criterion"] for claim in claims}


def _still_shipped(path: Path, records: Sequence[Record]) -> Record | None:
    """The draws of the reference that is there, where the run has none; none of other claims, which is said."""
    if not path.is_file():
        return None
    found: Record = json.loads(path.read_text(encoding="utf-8"))
    if criteria(found["claims"]) == criteria(records):
        return found
    print(f"{path}: dropped, it is of other claims or criteria; to ship draws: make draws, then make reference")
    return None


def draws_to_ship(config: Config) -> Record | None:
    """What the draws of a configuration say together, without the value of each; None where none have been run.

    Raises ValueError if a file of theirs, the verdicts of this run among them, is not as its job has left it.
    """
    there = folder_of(config) / DRAWS
    if not there.is_file():
        return None
    record = read_record(there.with_suffix(SUFFIX))
    files = record["inputs"] | record["outputs"]
    changed = [name for name, made in sorted(files.items()) if digest(name) != made]
    if changed:
        raise ValueError(f"{changed[0]}: other than when {there} was made; run make draws again")
    found: Record = json.loads(there.read_text(encoding="utf-8"))
    if "made_with" not in found:
        raise ValueError(f"{there}: made by an earlier version of this project; run make draws again")
    return without_values(found)


def _records_of_draws(config: Config, draws: Record, shipped: Path) -> dict[int, list[Record]]:
    """Of each draw that has not stopped the verdicts, by its root seed: of its run, or as they are shipped."""
    there = {
        draw.root_seed: shipped / FOLDER / f"{draw.root_seed}.json"
        if draw.root_seed in draws["kept"]
        else draw.results / "claims.json"
        for draw in draws_of(config, draws["roots"])
        if draw.root_seed not in draws["stopped"]
    }
    return {root: json.loads(path.read_text(encoding="utf-8")) for root, path in there.items()}


def without_values(draws: Record) -> Record:
    """What draws say together, as it is shipped: without the value of each."""
    for claim in draws["claims"]:
        for cell in claim["cells"]:
            del cell["values"]
    return draws


def compare_claims(config: Config, records: Sequence[Record]) -> Iterator[Compared]:
    """Every number of the claims in `records`, here and in the reference. Raises ConfigError if there is none."""
    require_shipped(config)
    reference = {record["id"]: record for record in _shipped(config)}
    for record in records:
        rounding = _ROUNDING.get(record["id"])
        there = dict(_numbers(reference[record["id"]])) if record["id"] in reference else {}
        here, items = dict(_numbers(record)), dict(_one_item(reference.get(record["id"], record)))
        for place in dict.fromkeys([*here, *there]):
            number = there.get(place)
            if rounding and place.endswith(_OF_CELL):
                yield Compared(record["id"], place, here.get(place), number, rounding.floor, rounding=True)
                continue
            tolerance = 0.0 if place.endswith(_EXACT) else _tolerance(record, number) + items.get(place, 0.0)
            yield Compared(record["id"], place, here.get(place), number, tolerance)


def claims_left_out(config: Config, records: Sequence[Record]) -> Iterator[Compared]:
    """The claims of the reference of which a whole run has no record: it has none of their cells."""
    made = {record["id"] for record in records}
    for record in _shipped(config):
        if record["id"] not in made:
            yield Compared(record["id"], "number of cells", 0.0, float(len(record["cells"])), 0.0)


def _shipped(config: Config) -> list[Record]:
    """The claims of the reference."""
    found: list[Record] = json.loads((REFERENCE / config.name / VERDICTS).read_text(encoding="utf-8"))
    return found


def compare_tables(config: Config) -> Iterator[Compared]:
    """The tables of the reference: of each column the number that differs most, in tolerances."""
    folder = REFERENCE / config.name
    for path in _tables(folder):
        there, own = read_table(path), config.results / path.relative_to(folder)
        here = read_table(own) if own.is_file() else there.iloc[:0]
        name = path.relative_to(folder).as_posix()
        if list(here) != list(there) or len(here) != len(there):
            yield Compared(name, "rows and columns", None, float(there.size), 0.0)
            continue
        for column in there.columns.difference(list(STOPPING), sort=False):
            rounding = next(
                (held for (table, of), held in _COLUMNS.items() if of == column and path.match(table)), None
            )
            if rounding:
                yield _rounding(name, str(column), here[column], there[column], rounding)
            else:
                yield _column(name, str(column), here[column], there[column])


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.csv") if path.relative_to(folder).parts[0] != "tables")


def _verdict(record: Record) -> Record:
    return {name: record[name] for name in ("id", "verdict", "criterion", "cells")}


def _numbers(record: Record) -> Iterator[tuple[str, float | None]]:
    """Of every cell the value, the ends of its interval, the value of the control, and the verdicts as numbers."""
    for cell in record["cells"]:
        for name in _OF_CELL:
            yield f"{cell['cell']} {name}", cell[name]
        yield f"{cell['cell']} verdict", float(place_of(cell["verdict"]))
        yield f"{cell['cell']} control", cell["control"]["value"]
        yield f"{cell['cell']} control fails", float(cell["control"]["verdict"] == "fail")


def _one_item(record: Record) -> Iterator[tuple[str, float]]:
    """By how much one test item changes the numbers of cells that count them."""
    for cell in record["cells"]:
        if "one_item" in cell:
            yield from ((f"{cell['cell']} {name}", cell["one_item"]) for name in _OF_CELL)
        if "one_item" in cell["control"]:
            yield f"{cell['cell']} control", cell["control"]["one_item"]


def _tolerance(record: Record, reference: float | None) -> float:
    threshold: Any = record["criterion"]["threshold"]
    scale: float = (threshold[1] - threshold[0]) / 2 if isinstance(threshold, list) else abs(threshold)
    return RELATIVE * abs(reference or 0.0) + OF_THRESHOLD * scale


def _column(table: str, column: str, here: "pd.Series[Any]", there: "pd.Series[Any]") -> Compared:
    if not (pd.api.types.is_float_dtype(there) and len(there)):
        return Compared(table, column, float((here != there).sum()), 0.0, 0.0)
    size = there.abs().where(there.abs() < math.inf, 0.0)  # 0 where there is no finite number
    tolerance = RELATIVE * size + OF_COLUMN * size.max() + ROUNDING
    same = (here == there) | (here.isna() & there.isna())
    excess = ((here - there).abs() / tolerance).mask(same, 0.0).fillna(math.inf)
    worst = int(excess.to_numpy().argmax())
    own, expected, allowed = (float(each.iloc[worst]) for each in (here, there, tolerance))
    return Compared(table, column, _finite(own), _finite(expected), allowed)


def _rounding(table: str, column: str, here: "pd.Series[Any]", there: "pd.Series[Any]", rounding: Rounding) -> Compared:
    """The largest numbers, where the same ones are there."""
    same = bool((here.isna() == there.isna()).all())
    own, expected = (float(each.abs().max()) for each in (here, there))
    return Compared(table, column, _finite(own) if same else None, _finite(expected), rounding.floor, rounding=True)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
