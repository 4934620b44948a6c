"""What the stages of the report read of the configuration and of the experiments."""

from typing import Annotated, Any

from pydantic import Field

from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings


class ClaimsSettings(Settings):
    """What the stage `claims` reads."""

    config_name: str
    seeds: Annotated[dict[str, int], Field(description="repetitions of each experiment, none of which may be missing")]
    grid: Annotated[
        dict[str, list[tuple[str, str, int]]],
        Field(description="cells of each experiment, none of which may be missing"),
    ]


class VerdictsSettings(ClaimsSettings):
    """What the stage `claims` reads besides: what figures show where all of their claims hold."""

    findings: Annotated[dict[str, str], Field(description="a sentence for each figure; {id} is the value of a claim")]


class DrawnFigure(Settings):
    """A figure that a stage `figures_…` draws."""

    name: str
    function: Annotated[str, Field(description="that draws it, module:function")]
    tables: Annotated[list[str], Field(description="in the order of its arguments")]


class FiguresSettings(Settings):
    """What the stages `figures_…` read."""

    figures: list[DrawnFigure]


class NotebookSettings(Settings):
    """What the stage `notebook` reads."""

    notebook: Annotated[str, Field(description="path of the notebook that is executed")]
    tables: Annotated[list[str], Field(description="its parameters, a list of files each; empty where there are none")]
    banner: Annotated[str, Field(description="why the run is not the replication; empty where it is")]
    notebooks: Annotated[list[str], Field(description="names of all notebooks of the run, in the order of the parts")]
    code: Annotated[list[str], Field(description="modules that draw its figures")]


class PageSettings(Settings):
    """What the stage `page` reads."""

    root_seed: int
    config_name: str
    seeds: Annotated[dict[str, int], Field(description="repetitions of each experiment that is run")]
    captions: Annotated[dict[str, str], Field(description="what each figure shows, in a line")]
    rules: Annotated[dict[str, list[str]], Field(description="every rule, with those whose files it reads")]
    boxes: Annotated[dict[str, str], Field(description="the part of the workflow that each rule is of")]
    banner: Annotated[str, Field(description="why the run is not the replication; empty where it is")]
    verifiable: Annotated[bool, Field(description="whether the numbers of this run are shipped, to be compared with")]


class ExplorerSettings(Settings):
    """What the stage `explorer` reads."""

    config_name: str
    dataset: str
    losses: list[Loss]
    cells: Annotated[
        dict[str, list[tuple[Loss, int]]],
        Field(description="(loss, dimension) of each experiment whose starts and trained weights are shown, in order"),
    ]


class PaperSettings(Settings):
    """What the stage `paper` reads: all of the configuration, to state the set-up in the text."""

    config: dict[str, Any]
    forms: Annotated[list[tuple[str, Loss]], Field(description="(data set, loss) of each quadratic form, in order")]
    origins: Annotated[dict[str, dict[str, Any]], Field(description="tables and experiments of each figure")]


class EquationsSettings(Settings):
    """What the stage `equations` reads: all of the configuration that is about what needs no training."""

    config: dict[str, Any]
    checksums: Annotated[dict[str, str], Field(description="of the shipped data, by data set")]
    roots: Annotated[list[int], Field(description="root seed of each draw, in order")]


class DrawsSettings(Settings):
    """What the stage `draws` reads."""

    config_name: str
    roots: Annotated[list[int], Field(description="root seed of each draw, in order")]
    stopped: Annotated[list[int], Field(description="those of draws that have no verdicts, since a stage has failed")]
    kept: Annotated[list[int], Field(description="those of draws that are shipped, and were not run for this")]
    own_root: Annotated[int, Field(description="root seed of the configuration, on which criteria and sizes were set")]
    sizes: Annotated[dict[str, Any], Field(description="all that the configuration says but names and root seeds")]
