"""Whether ratios are worse than the committed ones, by more than turns differ from each other."""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.turns import Row

Key = tuple[str, str, str]

LEAST_MARGIN = 0.1  # a baseline whose turns happen to agree says little of the noise of another day
MOST_MARGIN = 0.5  # one whose turns lie further apart would let anything pass


def key(row: Row) -> Key:
    return row.group, row.what, row.peer


def floor(row: Row) -> float:
    """What the median ratio of a row may fall to: min²/max of the ratios of its turns, or 0.9 of their median if lower.

    The first is as far below the worst turn of the baseline as its turns lie apart.
    """
    return min(min(row.ratios) ** 2 / max(row.ratios), (1 - LEAST_MARGIN) * median(row.ratios))


def ceiling(row: Row) -> float:
    """What it may rise to, in the same way, where its target has an upper bound: there a rise is a peer grown slow."""
    if all(target.of != "ratio" or target.most is None for target in row.targets):
        return float("inf")
    return max(max(row.ratios) ** 2 / min(row.ratios), (1 + LEAST_MARGIN) * median(row.ratios))


def margin(row: Row) -> float:
    """By what share the median ratio of a row may fall."""
    return 1 - floor(row) / median(row.ratios)


def require_steady(rows: Iterable[Row]) -> None:
    """Raise ValueError if the turns of some rows lie too far apart for a baseline."""
    if wide := [f"{': '.join(key(row))}: margin {margin(row):.0%}" for row in rows if margin(row) > MOST_MARGIN]:
        raise ValueError("\n".join([*wide, "no baseline: turns lie too far apart; measure again on an idle machine"]))


def regressions(baseline: Sequence[Row], measured: Sequence[Row]) -> dict[Key, str]:
    """The rows whose median ratio lies outside of what the baseline allows, each with a line that says so.

    Raises ValueError where the two do not hold the same rows.
    """
    now = {key(row): row for row in measured}
    before = {key(row): row for row in baseline}
    if different := sorted(now.keys() ^ before.keys()):
        raise ValueError(f"the baseline holds other rows: {different}; write it anew with make benchmark-baseline")
    found = {}
    for name, row in before.items():
        ratio, least, most = median(now[name].ratios), floor(row), ceiling(row)
        if not least <= ratio <= most:
            words = f"{': '.join(name)}: ratio {ratio:.3g}, baseline {median(row.ratios):.3g}"
            allowed = (
                f"margin {margin(row):.0%}: no less than {least:.3g}" if ratio < least else f"no more than {most:.3g}"
            )
            found[name] = f"{words}, {allowed}"
    return found
