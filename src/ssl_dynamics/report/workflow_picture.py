"""Two pictures of the workflow on the claims page: its parts in a few boxes, and all of its rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

Rules = Mapping[str, Sequence[str]]  # every rule, with those whose files it reads

WIDTH, HEIGHT, COLUMN, ROW = 152, 20, 192, 26  # of a box, and from one to the next, in pixels


BOXES = {
    "data": ("Data", "images to triplets; the quadratic form C of each loss"),
    "design": ("Design", "starts, step sizes, horizons: all that both sides share"),
    "simulate": ("Simulate", "train by automatic differentiation of the loss"),
    "solve": ("Solve", "predict from C, or a kernel, and the start"),
    "compare": ("Compare", "both sides meet: tables, one row a measurement"),
    "report": ("Report", "verdicts, figures, notebooks, paper, this page"),
}


_SIDES = {"simulate", "solve"}  # drawn beside each other, whatever one takes from the other


def schematic(rules: Rules, boxes: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """The parts of the workflow from left to right: how many rules each has, and how many read which other part."""
    reads: dict[str, dict[str, int]] = {}
    for name in BOXES:
        sources = [{boxes[source] for source in rules[rule]} for rule in rules if boxes[rule] == name]
        counts = {other: sum(other in read for read in sources) for other in BOXES if other != name}
        reads[name] = {other: count for other, count in counts.items() if count}
    before = {name: [other for other in read if not {name, other} <= _SIDES] for name, read in reads.items()}
    return [
        [
            {
                "title": BOXES[name][0],
                "does": BOXES[name][1],
                "rules": sum(box == name for box in boxes.values()),
                "reads": {BOXES[other][0]: count for other, count in reads[name].items()},
            }
            for name in column
        ]
        for column in columns_of(before)
    ]


def columns_of(rules: Rules) -> list[list[str]]:
    """Rules from the data to the end, each as late as it can be; in the order of what it reads, so few lines cross."""
    left: dict[str, int] = {}  # longest way from a rule to the end, in rules

    def to_go(rule: str) -> int:
        if rule not in left:
            left[rule] = 1 + max((to_go(reader) for reader, sources in rules.items() if rule in sources), default=-1)
        return left[rule]

    placed: dict[str, float] = {}
    columns = []
    for level in range(max(map(to_go, rules)), -1, -1):
        column = [rule for rule in rules if to_go(rule) == level]
        heights = {rule: sum(placed[source] for source in rules[rule]) / max(len(rules[rule]), 1) for rule in column}
        column.sort(key=lambda rule: (heights[rule], rule.partition("_")[2], rule))
        placed |= {rule: (row + 0.5) / len(column) for row, rule in enumerate(column)}
        columns.append(column)
    return columns


def picture(rules: Rules) -> Markup:
    """The rules from left to right as SVG; every line is an edge of the rule graph."""
    columns = columns_of(rules)
    height = ROW * max(map(len, columns))
    places = {
        rule: (COLUMN * level + 2, height * (row + 0.5) / len(column))
        for level, column in enumerate(columns)
        for row, rule in enumerate(column)
    }
    lines = [_line(*places[source], *places[rule]) for rule, sources in rules.items() for source in sources]
    boxes = [_box(rule, *place) for rule, place in places.items()]
    size = f"{COLUMN * (len(columns) - 1) + WIDTH + 4} {height}"
    return Markup('<svg viewBox="0 0 {0}" width="{1}" height="{2}" aria-hidden="true">{3}{4}</svg>').format(
        size, *size.split(), Markup().join(lines), Markup().join(boxes)
    )


def _line(x: float, y: float, to_x: float, to_y: float) -> Markup:
    start, half = x + WIDTH, (COLUMN - WIDTH) / 2
    return Markup(
        f'<path d="M{start:g} {y:.1f}C{start + half:g} {y:.1f} {to_x - half:g} {to_y:.1f} {to_x:g} {to_y:.1f}"/>'
    )


def _box(rule: str, x: float, y: float) -> Markup:
    frame = f'<rect x="{x:g}" y="{y - HEIGHT / 2:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="4"/>'
    return Markup(f'{frame}<text x="{x + WIDTH / 2:g}" y="{y + 4:.1f}">{escape(rule)}</text>')
