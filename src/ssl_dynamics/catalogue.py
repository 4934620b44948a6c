"""What is known of all experiments together, from what each says of itself in its `experiment.py`."""

import ast
from collections.abc import Collection
from importlib import import_module
from pathlib import Path

from ssl_dynamics.description import Experiment, Family, Figure, Stage, cell
from ssl_dynamics.experiments import FOLDERS

_EXPERIMENTS = "ssl_dynamics.experiments"

FAMILIES: dict[str, Family] = {
    folder: import_module(f"{_EXPERIMENTS}.{folder}.experiment").FAMILY for folder in FOLDERS
}
EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment for family in FAMILIES.values() for experiment in family.experiments
}
TABLES: dict[str, tuple[str, ...]] = {name: experiment.tables for name, experiment in EXPERIMENTS.items()}

# The figure that tells the whole story, of several experiments.
STORY = Figure("story", tables=("rank", "errors", "departure", "constrained_nets"))
FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figures in ((STORY,), *(family.figures for family in FAMILIES.values()))
    for figure in figures
}


def stages() -> list[tuple[str, Stage]]:
    """Every stage, with the folder that it is of."""
    return [(folder, stage) for folder, family in FAMILIES.items() for stage in family.stages]


def function_of(folder: str, stage: Stage) -> str:
    """The "module:function" that does the jobs of a stage of this folder."""
    return stage.function if stage.function.startswith("ssl_dynamics.") else f"{_EXPERIMENTS}.{folder}.{stage.function}"


def maker_of(path: str) -> Stage:
    """The stage that writes this path, as the stage that reads it names it."""
    return next(stage for _, stage in stages() if path in stage.writes.values())


def wildcards() -> dict[str, str]:
    """The wildcards of all families, with what they may be as regular expressions."""
    return {name: pattern for family in FAMILIES.values() for name, pattern in family.wildcards.items()}


def table_names() -> list[str]:
    """The names of all tables."""
    return sorted({name for tables in TABLES.values() for name in tables})


def claim_roots() -> list[str]:
    """The "module:definition" of the claims of every folder that has experiments."""
    return [f"{_EXPERIMENTS}.{folder}.claims:CLAIMS" for folder, family in FAMILIES.items() if family.experiments]


def figure_groups() -> dict[str, tuple[Figure, ...]]:
    """Figures by the part of the report that the first experiment of their folder is of; the story by itself.

    Those of a group are drawn by one process: to start one takes longer than to draw most figures.
    """
    groups: dict[str, tuple[Figure, ...]] = {"story": (STORY,)}
    for family in FAMILIES.values():
        if family.experiments:
            part = family.experiments[0].part.replace("-", "_")
            groups[part] = (*groups.get(part, ()), *family.figures)
    return groups


def paper_figures() -> list[Figure]:
    """The figures that the paper shows."""
    return [figure for figure in FIGURES.values() if figure.in_paper]


def drawing_of(figure: Figure) -> str:
    """The "module:function" that draws a figure."""
    modules = {f"{_EXPERIMENTS}.{folder}.figures": family.figures for folder, family in FAMILIES.items()}
    modules["ssl_dynamics.report.story"] = (STORY,)
    (module,) = (module for module, figures in modules.items() if figure in figures)
    return f"{module}:{figure.function_name}"


def caption(figure: Figure) -> str:
    """What a figure shows, in a line: the summary of the function that draws it, read without importing it."""
    module, _, function = drawing_of(figure).partition(":")
    file = Path(__file__).parent.joinpath(*module.split(".")[1:]).with_suffix(".py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    return str(ast.get_docstring(found)).partition("\n")[0]


def edges() -> dict[str, list[str]]:
    """Every stage by its rule, with the rules whose files it reads, in a configuration that runs every experiment."""
    makers: dict[str, str] = {}
    for _, stage in stages():
        makers |= {path: stage.rule for written in stage.writes.values() for path in _expanded(written)}
    found = {}
    for _, stage in stages():
        read = {path for pattern in stage.reads.values() for path in _expanded(pattern)}
        read |= {f"{cell(name)}/{table}.csv" for table in stage.collects for name in TABLES if table in TABLES[name]}
        found[stage.rule] = sorted({makers[path] for path in read if path in makers})
    return found


def compare_rules(names: Collection[str] | None = None) -> list[str]:
    """The rules that write tables of experiments, or those of these names."""
    tables = {
        f"{cell(name)}/{table}.csv" for name, own in TABLES.items() for table in own if names is None or table in names
    }
    return sorted(stage.rule for _, stage in stages() if not tables.isdisjoint(stage.writes.values()))


def _expanded(pattern: str) -> list[str]:
    """A path with every value of the wildcards of the families; data set, loss and dimension are left open."""
    paths = [pattern]
    for name, values in wildcards().items():
        paths = [path.replace(f"{{{name}}}", value) for path in paths for value in values.split("|")]
    return list(dict.fromkeys(paths))
