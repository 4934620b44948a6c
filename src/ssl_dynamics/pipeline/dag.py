"""The rules of the workflow and what they read: the picture of it on the claims page. A test holds it to Snakemake."""

from functools import cache

from markupsafe import Markup, escape

_COMPARISONS = (
    "compare_collapse_cost",
    "compare_constrained_nets",
    "compare_departure",
    "compare_depth",
    "compare_downstream",
    "compare_drift",
    "compare_finite_sample",
    "compare_finite_steps",
    "compare_grassmannian",
    "compare_kernel",
    "compare_kernel_limit",
    "compare_learning_times",
    "compare_mini_batch",
    "compare_narrow",
    "compare_objectives",
    "compare_unconstrained",
    "compare_wide",
)

# Rule to the rules whose files it reads, in a configuration that runs every experiment.
RULES: dict[str, tuple[str, ...]] = {
    "labelled": (),
    "sample_spans": (),
    "triplets": (),
    "compare_finite_sample": ("sample_spans",),
    "net_triplets": ("triplets",),
    "points": ("triplets",),
    "quadratic_form": ("triplets",),
    "schedule_kernel": ("triplets",),
    "schedule_objectives": ("triplets",),
    "triplet_figure": ("triplets",),
    "finite_steps_schedule": ("quadratic_form",),
    "net_quadratic_form": ("net_triplets",),
    "plan_constrained_nets": ("points",),
    "plan_departure": ("points",),
    "plan_mini_batch": ("quadratic_form",),
    "schedule": ("quadratic_form",),
    "simulate_depth": ("points",),
    "simulate_drift": ("points",),
    "simulate_kernel": ("schedule_kernel",),
    "simulate_objectives": ("schedule_objectives", "triplets"),
    "simulate_supervised": ("points",),
    "solve_depth": ("points",),
    "solve_drift": ("points",),
    "solve_kernel": ("schedule_kernel",),
    "solve_kernel_limit": ("points",),
    "solve_objectives": ("schedule_objectives", "triplets"),
    "compare_depth": ("simulate_depth", "solve_depth"),
    "compare_drift": ("simulate_drift", "simulate_supervised", "solve_drift"),
    "compare_kernel": ("schedule_kernel", "simulate_kernel", "solve_kernel"),
    "compare_kernel_limit": ("points", "solve_kernel_limit"),
    "compare_objectives": ("schedule_objectives", "simulate_objectives", "solve_objectives", "triplets"),
    "layers": ("net_quadratic_form",),
    "simulate": ("schedule", "triplets"),
    "simulate_constrained_nets": ("plan_constrained_nets",),
    "simulate_departure": ("plan_departure", "points"),
    "simulate_finite_steps": ("finite_steps_schedule", "triplets"),
    "simulate_mini_batch": ("plan_mini_batch", "triplets"),
    "solve": ("quadratic_form", "schedule"),
    "solve_constrained_nets": ("plan_constrained_nets",),
    "solve_departure": ("plan_departure", "points"),
    "solve_finite_steps": ("finite_steps_schedule", "quadratic_form"),
    "solve_learning_times": ("quadratic_form", "schedule"),
    "compare_collapse_cost": ("labelled", "simulate", "solve"),
    "compare_constrained_nets": ("plan_constrained_nets", "simulate_constrained_nets", "solve_constrained_nets"),
    "compare_departure": ("plan_departure", "simulate_departure", "solve_departure"),
    "compare_downstream": ("labelled", "simulate", "solve"),
    "compare_finite_steps": ("finite_steps_schedule", "simulate_finite_steps", "solve_finite_steps"),
    "compare_grassmannian": ("schedule", "simulate", "solve", "triplets"),
    "compare_mini_batch": ("plan_mini_batch", "simulate_mini_batch"),
    "compare_unconstrained": ("schedule", "simulate", "solve", "triplets"),
    "objectives_table": ("compare_objectives",),
    "simulate_layers": ("layers", "net_triplets"),
    "simulate_learning_times": ("solve_learning_times", "triplets"),
    "solve_narrow": ("layers", "net_quadratic_form"),
    "solve_wide": ("layers", "net_quadratic_form"),
    "compare_learning_times": ("simulate_learning_times", "solve_learning_times"),
    "compare_narrow": ("layers", "simulate_layers", "solve_narrow"),
    "compare_wide": ("layers", "simulate_layers", "solve_wide"),
    "claims": _COMPARISONS,
    "figure": _COMPARISONS,
    "notebook": ("claims", *_COMPARISONS),
    "paper": ("claims", "figure", "objectives_table", "quadratic_form"),
    "page": ("claims", "figure", "triplet_figure"),
}

WIDTH, HEIGHT, COLUMN, ROW = 152, 20, 192, 26  # of a box, and from one to the next, in pixels


@cache
def to_go(rule: str) -> int:
    """Longest way from a rule to the end, in rules."""
    return 1 + max((to_go(reader) for reader, sources in RULES.items() if rule in sources), default=-1)


def layers() -> list[list[str]]:
    """Rules from the data to the end, each layer in the order of what it reads, so that few lines cross."""
    placed: dict[str, float] = {}
    columns = []
    for left in range(max(map(to_go, RULES)), -1, -1):
        column = [rule for rule in RULES if to_go(rule) == left]
        heights = {rule: sum(placed[source] for source in RULES[rule]) / max(len(RULES[rule]), 1) for rule in column}
        column.sort(key=lambda rule: (heights[rule], rule.partition("_")[2], rule))
        placed |= {rule: (row + 0.5) / len(column) for row, rule in enumerate(column)}
        columns.append(column)
    return columns


def picture() -> Markup:
    """The rules from left to right as SVG; every line is an edge of the rule graph."""
    columns = layers()
    height = ROW * max(map(len, columns))
    places = {
        rule: (COLUMN * level + 2, height * (row + 0.5) / len(column))
        for level, column in enumerate(columns)
        for row, rule in enumerate(column)
    }
    lines = [_line(*places[source], *places[rule]) for rule, sources in RULES.items() for source in sources]
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
