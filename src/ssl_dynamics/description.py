"""What an experiment is, as data: the stages that it runs, its tables and figures, its part of the report."""

import re
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ssl_dynamics.settings import Settings

# Files of the data, which the stages of experiments read.
TRIPLETS = "{dataset}/triplets.npz"
QUADRATIC_FORM = "{dataset}/{loss}/quadratic_form.npz"
POINTS = "{dataset}/points.npz"
LABELLED = "{dataset}/labelled.npz"


def cell(experiment: str) -> str:
    """Folder of the cells of an experiment below the results: a data set, a loss and a dimension each."""
    return f"{{dataset}}/{{loss}}/{experiment}/z{{dimension}}"


def files(experiment: str, *names: str) -> dict[str, str]:
    """Files of arrays of these names in the cells of an experiment."""
    return {name: f"{cell(experiment)}/{name}.npz" for name in names}


_SAID = {"dimension": "z = ", "part": "part "}  # before the value of a wildcard


@dataclass(frozen=True)
class Stage:
    """A rule of the workflow: the function that does its jobs, what they read and write, what they need.

    Paths lie below the results and hold the wildcards {dataset}, {loss}, {dimension} or one of the family's own; a job
    is run for every combination that is asked for.
    """

    rule: str
    function: str  # "module:function", the module one of the experiment's folder
    settings: type[Settings]
    writes: Mapping[str, str]
    message: str
    memory: int = 1000  # MB
    minutes: int = 2
    reads: Mapping[str, str] = field(default_factory=dict)
    collects: tuple[str, ...] = ()  # tables that are read of all cells
    reads_data: bool = False  # the user's own files of the data set
    # Where a setting is found that is not of the name of a wildcard or a key of the configuration: a path in there.
    given: Mapping[str, str] = field(default_factory=dict)
    # Of a stage that divides the work of a cell among several jobs: the parts, by its settings. The number of a part is
    # the wildcard {part}, in its paths and settings; a stage that reads its files reads those of all parts, in order.
    parts: Callable[[Any], Sized] | None = None
    provenance: str = ""  # name of the provenance without its suffix; that of the first file, unless given
    log: str = ""  # name of the log and of the benchmark; that of the provenance, unless given
    group: str | None = "cell"

    @property
    def folder(self) -> str:
        """Where its files lie."""
        return str(PurePosixPath(next(iter(self.writes.values()))).parent)

    @property
    def provenance_path(self) -> str:
        """Of the provenance, without its suffix."""
        return str(PurePosixPath(self.folder, self.provenance or PurePosixPath(next(iter(self.writes.values()))).stem))

    @property
    def log_path(self) -> str:
        """Of the log below logs/, and of the benchmark below benchmarks/, without their suffixes."""
        return str(PurePosixPath(self.folder, self.log)) if self.log else self.provenance_path

    @property
    def message_of_a_job(self) -> str:
        """The message with the values of the job's wildcards."""
        names = dict.fromkeys(re.findall(r"{(\w+)}", self.provenance_path))
        values = (f"{_SAID.get(name, '')}{{wildcards.{name}}}" for name in names)
        return ": ".join(filter(None, (self.message, ", ".join(values))))


@dataclass(frozen=True)
class Figure:
    """A figure: the tables that it shows and the function of the folder's `figures` that draws it.

    `finding` says what it shows where all of its claims hold, and is said nowhere else; {id} stands for the value of a
    claim.
    """

    name: str
    tables: tuple[str, ...]  # in the order of the function's arguments
    function: str = ""  # the name with _ for -, unless given
    in_paper: bool = False
    finding: str = ""

    @property
    def function_name(self) -> str:
        return self.function or self.name.replace("-", "_")


@dataclass(frozen=True)
class Experiment:
    """A key of the configuration that asks for cells, each with tables of what was compared there."""

    name: str
    settings: type[Settings]
    part: str  # of the report, in which its claims stand
    tables: tuple[str, ...]
    override: type[Settings] | None = None  # what `overrides` may say of a data set
    required: bool = False
    on_points: bool = False  # runs on the data sets of `points` alone
    needs_labels: bool = False
    needs: str = ""  # another experiment whose files it reads, which the configuration must ask for
    smallest_dimension: int = 1
    repetitions: str = "seeds"  # path in the configuration of the number of independent repetitions


@dataclass(frozen=True)
class Family:
    """What a folder of `experiments` holds: one experiment, or several that share stages."""

    experiments: tuple[Experiment, ...] = ()
    stages: tuple[Stage, ...] = ()
    figures: tuple[Figure, ...] = ()
    equations: tuple[Stage, ...] = ()  # that write the tables which need no training: see `equations_stage`
    wildcards: Mapping[str, str] = field(default_factory=dict)  # its own, with what they may be as a regular expression


def compare_stage(
    experiment: Experiment,
    *,
    rule: str,
    function: str,
    settings: type[Settings],
    reads: Mapping[str, str],
    memory: int = 1000,
    given: Mapping[str, str] | None = None,
    group: str = "cell",
) -> Stage:
    """The stage that compares the cells of an experiment and writes all of its tables."""
    return Stage(
        rule=rule,
        function=function,
        settings=settings,
        reads=reads,
        writes={name: f"{cell(experiment.name)}/{name}.csv" for name in experiment.tables},
        provenance="compare",
        message="compare",
        memory=memory,
        given=given or {},
        group=group,
    )


def equations_stage(
    experiment: Experiment, *, function: str, settings: type[Settings], reads: Mapping[str, str], tables: Sequence[str]
) -> Stage:
    """The stage that writes those tables of an experiment which need no training, without the rows of trained nets.

    It is no job of an ordinary run, in which the stage that compares writes them with all others: many draws of the
    equations alone run it.
    """
    return Stage(
        rule=f"equations_{experiment.name}",
        function=function,
        settings=settings,
        reads=reads,
        writes={name: f"{cell(experiment.name)}/{name}.csv" for name in tables},
        message="equations",
    )
