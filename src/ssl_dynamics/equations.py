"""What needs no training: the stages that make its tables, and all that those read, as steps of one process."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from ssl_dynamics.catalogue import EXPERIMENTS, FAMILIES, claim_roots, function_of, stages, wildcards
from ssl_dynamics.config import Config
from ssl_dynamics.description import Stage, cell


@dataclass(frozen=True)
class Step:
    """A job of a stage without the workflow."""

    function: str  # "module:function"
    stage: Stage
    cell: Mapping[str, str]  # values of the wildcards

    @property
    def reads(self) -> dict[str, str]:
        """Its input files by name, below the results."""
        return {name: path.format(**self.cell) for name, path in self.stage.reads.items()}

    @property
    def writes(self) -> dict[str, str]:
        """Its output files by name, below the results."""
        return {name: path.format(**self.cell) for name, path in self.stage.writes.items()}


def equation_stages() -> list[tuple[str, str, Stage]]:
    """Every stage that writes tables without trained nets, with the folder and the experiment that it is of."""
    return [
        (folder, name, stage)
        for folder, family in FAMILIES.items()
        for stage in family.equations
        for name in EXPERIMENTS
        if stage.folder == cell(name)
    ]


def equation_tables() -> set[tuple[str, str]]:
    """(experiment, table) of what needs no training."""
    return {(name, table) for _, name, stage in equation_stages() for table in stage.writes}


def steps_of(config: Config) -> list[Step]:
    """The steps to the tables without trained nets, in all cells of a configuration, each after those that it reads.

    Raises ValueError for a file that no stage writes.
    """
    steps: dict[str, Step] = {}  # by the first file that each writes

    def add(step: Step) -> None:
        (first, *_) = step.writes.values()
        if first not in steps:
            for path in step.reads.values():
                add(_maker_of(path))
            steps[first] = step

    for folder, name, stage in equation_stages():
        for dataset, loss, z in config.cells(name):
            add(Step(function_of(folder, stage), stage, {"dataset": dataset, "loss": loss, "dimension": str(z)}))
    return list(steps.values())


def code_roots(config: Config) -> list[str]:
    """The "module:definition" of all that draws of the equations run, or read, by name.

    The functions of the stages, what their folders say of themselves, and their claims.
    """
    functions = {step.function for step in steps_of(config)}
    folders = {".".join(function.split(".")[:3]) for function in functions}
    claims = {root for root in claim_roots() if root.rpartition(".")[0] in folders}
    return sorted(functions | claims | {f"{folder}.experiment:FAMILY" for folder in folders})


def experiments_of(config: Config) -> set[str]:
    """The experiments of which the configuration is read."""
    return {name for _, name, _ in equation_stages() if config.cells(name)}


def _maker_of(path: str) -> Step:
    for folder, stage, pattern in _makers():
        if match := pattern.fullmatch(path):
            return Step(function_of(folder, stage), stage, match.groupdict())
    raise ValueError(f"{path}: no stage writes it")


@cache
def _makers() -> list[tuple[str, Stage, re.Pattern[str]]]:
    return [(folder, stage, pattern) for folder, stage in stages() for pattern in map(_pattern, stage.writes.values())]


def _pattern(path: str) -> re.Pattern[str]:
    """That of the paths that a path with wildcards stands for."""
    return re.compile("".join(_parts(path)))


def _parts(path: str) -> Iterator[str]:
    allowed = wildcards()
    for literal, name in re.findall(r"([^{]*)(?:{(\w+)})?", path):
        yield re.escape(literal)
        if name:
            yield f"(?P<{name}>{allowed.get(name, '[^/]+')})"
