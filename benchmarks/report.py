"""What was measured: as JSON, as tables, and in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from benchmarks.baseline import floor
from benchmarks.growth import MOST_ABOVE, Growth
from benchmarks.pipeline import CORES, CPU_SECONDS, Measure
from benchmarks.shares import SECONDS, Part, least, limit
from benchmarks.turns import Row, Target


@dataclass(frozen=True)
class Report:
    """All of a benchmark; `surroundings` as in the record of a run, `pipelines` and `parts` by a line that names it."""

    surroundings: dict[str, Any]
    rows: tuple[Row, ...]
    growths: tuple[Growth, ...]
    memory: Measure
    pipelines: dict[str, tuple[Measure, ...]]
    reruns: tuple[Measure, ...]
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    imports: Measure | None = None

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_ADAPTER.dump_json(self, indent=1) + b"\n")


def read(path: Path) -> Report:
    """Raises OSError or ValueError where there is no report."""
    return _ADAPTER.validate_json(path.read_bytes())


_ADAPTER: TypeAdapter[Report] = TypeAdapter(Report)


def frame(report: Report) -> pd.DataFrame:
    """A line for each row."""
    return pd.DataFrame(
        {
            "group": row.group,
            "what": row.what,
            "ours_seconds": median(row.ours),
            "peer": row.peer,
            "peer_seconds": median(row.peers),
            "ratio": median(row.ratios),
            "ratio_low": min(row.ratios),
            "ratio_high": max(row.ratios),
            "target": "; ".join(asked(target) for target in row.targets),
            "met": "; ".join("met" if row.reached(target) else "not met" for target in row.targets),
            "limit": row.limit,
            "limit_seconds": median(row.limits) if row.limits else None,
            "share_of_limit": median(row.shares) if row.limits else None,
            "ratio_at_the_limit": at_the_limit(row),
            "note": row.note,
        }
        for row in report.rows
    )


def at_the_limit(row: Row) -> float | None:
    """The ratio that would be reached if we took no longer than the limit."""
    if not row.limits:
        return None
    return median(peer / limit for peer, limit in zip(row.peers, row.limits, strict=True))


def asked(target: Target) -> str:
    """A target in words."""
    of = "" if target.of == "ratio" else f"{target.of} "
    return f"{of}≥ {target.least:g}" if target.most is None else f"{of}{target.least:g} … {target.most:g}"


def markdown(report: Report, figure: str) -> str:
    """The page docs/benchmark.md."""
    return "\n".join([*_head(report, figure), *_rows(report.rows), *_growths(report.growths), *_values(report)]) + "\n"


def _head(report: Report, figure: str) -> Iterator[str]:
    hardware, turns = report.surroundings["hardware"], len(report.rows[0].ours)
    yield "# Benchmark"
    yield ""
    yield (
        "Written by `make benchmark` from `benchmarks/baseline.json`; `make benchmark-check` measures the ratios "
        "again and compares them with that file."
    )
    yield ""
    yield (
        f"Times are CPU seconds on one thread, in float64: medians of {turns} turns, each of which times ours, the "
        "peer and the limit in this order. The ratio peer/ours is taken in each turn; the table has its median and, in "
        "brackets, the smallest and the largest. The limit is a computation that ours cannot beat: the table has its "
        "share of our time, and the ratio to the peer if we were as fast. A later median ratio is to be no less than "
        "what stands in that column: the smallest turn times smallest/largest, or 0.9 of the median if that is less. "
        "Where a target has an upper bound, it may not rise as far above the largest turn either."
    )
    yield ""
    yield f"{hardware['processor']}, {hardware['cores']} cores, {report.surroundings['system']}."
    yield ""
    yield f"![Ratios with their targets, and shares of the limits]({figure})"
    yield ""
    yield "## Ours and peers"


def _rows(rows: Sequence[Row]) -> Iterator[str]:
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        yield ""
        yield f"### {group[0].upper()}{group[1:]}"
        yield ""
        yield (
            "| what | ours | peer | its time | ratio [turns] | no less than | target | limit | share of it "
            "| ratio at the limit |"
        )
        yield "|---|---|---|---|---|---|---|---|---|---|"
        for row in members:
            share, most = (median(row.shares), at_the_limit(row)) if row.limits else (None, None)
            cells = [
                row.what,
                duration(median(row.ours)),
                row.peer,
                duration(median(row.peers)),
                f"{significant(median(row.ratios))} [{significant(min(row.ratios))}, {significant(max(row.ratios))}]",
                significant(floor(row)),
                verdicts(row),
                row.limit or "—",
                "—" if share is None else f"{share:.2f}",
                "—" if most is None else significant(most),
            ]
            yield f"| {' | '.join(cells)} |"
        notes = dict.fromkeys(f"{row.what}; {row.peer}: {row.note}." for row in members if row.note)
        yield from ("", *(f"- {note}" for note in notes))


def verdicts(row: Row) -> str:
    """Each target with whether it is met, and if it is not, whether the limit allows it."""
    parts = []
    for target in row.targets:
        most = at_the_limit(row)
        if row.reached(target):
            verdict = "met"
        elif target.of == "ratio" and most is not None and most < target.least:
            verdict = f"not met: the limit itself gives {significant(most)}"
        else:
            verdict = "not met"
        parts.append(f"{asked(target)}: {verdict}")
    return "; ".join(parts) or "—"


def _growths(growths: Sequence[Growth]) -> Iterator[str]:
    yield from ("", "## Growth", "")
    yield (
        f"Exponent of the CPU time in one size, the others fixed, and of the operations that the formulas need over "
        f"the same sizes; it should exceed the latter by no more than {MOST_ABOVE:g}."
    )
    yield from ("", "| what | in | sizes | seconds | exponent ± standard error | of the operations | |")
    yield "|---|---|---|---|---|---|---|"
    for growth in growths:
        cells = [
            growth.what,
            growth.size,
            ", ".join(map(str, growth.sizes)),
            ", ".join(map(duration, growth.seconds)),
            f"{growth.exponent:.2f} ± {growth.error:.2f}",
            f"{growth.expected:.2f}",
            "met" if growth.met else "not met",
        ]
        yield f"| {' | '.join(cells)} |"


def _values(report: Report) -> Iterator[str]:
    yield from ("", "## Memory and the pipeline", "")
    yield from _measures([report.memory, *([report.imports] if report.imports else [])])
    for of, measures in report.pipelines.items():
        yield from ("", f"{of}.", "")
        parts = report.parts.get(of)
        yield from _measures([_bounded(measure, parts) for measure in measures] if parts else measures)
        if parts:
            yield from _parts(parts, next(measure.most for measure in measures if measure.what == CPU_SECONDS))
    if report.reruns:
        yield from ("", f"The small configuration in a copy of the tree, elapsed, on {CORES} cores:", "")
        yield from _measures(report.reruns)


def _measures(measures: Sequence[Measure]) -> Iterator[str]:
    yield from ("| what | value | target | | |", "|---|---|---|---|---|")
    for measure in measures:
        bounds = [f"≥ {measure.least:g}"] if measure.least is not None else []
        bounds += [f"≤ {measure.most:g}"] if measure.most is not None else []
        met = {None: "", True: "met", False: "not met"}[measure.met]
        value = f"{significant(measure.value)} {measure.unit}".strip()
        yield f"| {measure.what} | {value} | {', '.join(bounds) or '—'} | {met} | {measure.note} |"


def _bounded(measure: Measure, parts: Sequence[Part]) -> Measure:
    """The CPU seconds with what bounds them from below."""
    if measure.what != CPU_SECONDS:
        return measure
    return replace(measure, note=f"at least {least(parts):,.0f} with training at the rate of its products: see below")


def _parts(parts: Sequence[Part], most: float | None) -> Iterator[str]:
    """What the CPU seconds of a run are."""
    whole = sum(part.seconds for part in parts)
    yield from ("", "What its CPU seconds are:", "")
    yield "| what | jobs | CPU seconds | of the run | products | factorisations | other operations | rest |"
    yield "|---|---|---|---|---|---|---|---|"
    for part in (*parts, Part("the run", whole, sum(part.jobs or 0 for part in parts))):
        shares = part.shares
        made_of = (shares.products, shares.factorisations, shares.others, shares.rest) if shares else (None,) * 4
        cells = [
            part.what,
            "—" if part.jobs is None else str(part.jobs),
            f"{part.seconds:,.1f}",
            f"{part.seconds / whole:.1%}",
            *("—" if share is None else f"{share:.2f}" for share in made_of),
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        "Training is named by its stages, without the start of their jobs. Its shares are those of the first "
        f"{SECONDS:g} CPU seconds of the longest job of each stage, under a profiler. It slows down the rest: where "
        "these seconds are like those that follow, the shares of products and factorisations are lower bounds. Other "
        "operations are passes over elements, copies, and torch's handing out of operations; the rest is Python, what "
        "is done without torch, and the profiler. "
        f"{limit(parts, most)}"
    )


def duration(seconds: float) -> str:
    """Three digits in the unit that fits."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{significant(seconds / size)} {unit}"
    return f"{significant(seconds * 1e6)} µs"


def significant(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"
