"""The settings of the stages of the report, of a configuration and of what the experiments say of themselves."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssl_dynamics.catalogue import (
    EXPERIMENTS,
    FIGURES,
    TABLES,
    caption,
    compare_rules,
    drawing_of,
    edges,
    function_of,
    paper_figures,
    stages,
)
from ssl_dynamics.config import Config, Key
from ssl_dynamics.config_file import load_config
from ssl_dynamics.description import Figure, cell
from ssl_dynamics.draws import COUNTS, sizes_of
from ssl_dynamics.engine.notebook_imports import notebook_parameters
from ssl_dynamics.equations import experiments_of
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.report.parts import PARTS
from ssl_dynamics.report.settings import (
    ClaimsSettings,
    DrawnFigure,
    DrawsSettings,
    EquationsSettings,
    ExplorerSettings,
    FiguresSettings,
    NotebookSettings,
    PageSettings,
    PaperSettings,
    VerdictsSettings,
)

if TYPE_CHECKING:  # rules are planned sooner without pandas
    from ssl_dynamics.claims.verdict import Claim

# The rules whose starts and trained weights the explorer shows.
_TRAINING = ["design_dynamics", "simulate", "design_soft_constraint", "simulate_soft_constraint"]
_TOP = Path(__file__).parents[3]
_NOTEBOOKS = _TOP / "workflow/notebooks"
_REPLICATION = _TOP / "config/full.yaml"


def claims_settings(config: Config) -> ClaimsSettings:
    return ClaimsSettings(
        seeds={name: config.seeds_of(name) for name in TABLES},
        config_name=config.name,
        grid={name: config.cells(name) for name in TABLES},
    )


def verdicts_settings(config: Config) -> VerdictsSettings:
    findings = {figure.name: figure.finding for figure in FIGURES.values() if figure.finding}
    return VerdictsSettings(**dict(claims_settings(config)), findings=findings)


def figures_settings(figures: Sequence[Figure]) -> FiguresSettings:
    return FiguresSettings(
        figures=[
            DrawnFigure(name=figure.name, function=drawing_of(figure), tables=list(figure.tables)) for figure in figures
        ]
    )


def page_settings(config: Config, *, verifiable: bool) -> PageSettings:
    return PageSettings(
        banner=banner(config),
        verifiable=verifiable,
        boxes=boxes_of_the_workflow(),
        root_seed=config.root_seed,
        config_name=config.name,
        seeds={name: config.seeds_of(name) for name in TABLES if config.cells(name)},
        captions={name: caption(figure) for name, figure in FIGURES.items()},
        rules=rules_of_the_workflow(),
    )


def notebook_settings(config: Config, notebook: str, names: Sequence[str], shown: Sequence[Figure]) -> NotebookSettings:
    """Of the notebook at this path; `names` are those of all notebooks of the run, `shown` the figures in it."""
    name = Path(notebook).stem
    return NotebookSettings(
        notebook=notebook,
        tables=notebooks()[name],
        banner=banner(config),
        notebooks=[part for part in PARTS if part in names],
        code=sorted({drawing_of(figure).partition(":")[0] for figure in shown}),
    )


def banner(config: Config) -> str:
    """Why a run is not the replication, from the sizes of both; empty where it is one, whatever its root seed."""
    replication = _replication()
    if replication and sizes_of(config) == sizes_of(replication):
        return ""
    full = f"; the replication has {_in_words(replication)}" if replication else ""
    return (
        f"This is not the replication. The configuration {config.name} has {_in_words(config)}{full}. "
        "The verdicts here are about this configuration alone."
    )


@cache
def _replication() -> Config | None:
    """None where its file is not as it should be, which is no reason to stop the run of another configuration."""
    try:
        return load_config(_REPLICATION)
    except ConfigError:
        return None


def _in_words(config: Config) -> str:
    counts = sorted({config.seeds_of(name) for name in TABLES if config.cells(name)})
    sets = "one data set" if len(config.datasets) == 1 else f"{len(config.datasets)} data sets"
    seeds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{sets} ({', '.join(config.datasets)}) and {seeds} repetitions of an experiment"


def explored(config: Config) -> dict[str, list[Key]]:
    """The cells of the first data set of the experiments of single-layer models whose training the explorer shows."""
    first = next(iter(config.datasets))
    cells = {name: config.cells(name) for name in ("unconstrained", "grassmannian", "soft_constraint")}
    return {name: [key for key in keys if key[0] == first] for name, keys in cells.items()}


def explorer_settings(config: Config) -> ExplorerSettings:
    return ExplorerSettings(
        config_name=config.name,
        dataset=next(iter(config.datasets)),
        losses=config.losses,
        cells={name: [(loss, z) for _, loss, z in keys] for name, keys in explored(config).items()},
    )


def paper_settings(config: Config, forms: list[tuple[str, Loss]]) -> PaperSettings:
    return PaperSettings(
        # No run depends on how many others there are.
        config=config.model_dump(mode="json", exclude=COUNTS),
        forms=forms,
        origins={figure.name: _origin(figure) for figure in paper_figures()},
    )


def equations_settings(config: Config, roots: list[int]) -> EquationsSettings:
    left_out = {name for name, of in EXPERIMENTS.items() if not of.required} - experiments_of(config)
    return EquationsSettings(
        config=config.model_dump(mode="json", exclude=left_out | COUNTS | {"device"}),
        checksums={name: config.checksum(name) for name in config.datasets},
        roots=roots,
    )


def draws_settings(config: Config, roots: list[int], *, stopped: list[int], kept: list[int]) -> DrawsSettings:
    return DrawsSettings(
        config_name=config.name,
        roots=roots,
        stopped=[root for root in roots if root in stopped],
        kept=[root for root in roots if root in kept],
        own_root=config.root_seed,
        sizes=sizes_of(config),
    )


def rules_of_the_workflow() -> dict[str, list[str]]:
    """Every rule with the rules whose files it reads, with all experiments; the rules of figures as one, `figures`."""
    comparisons = compare_rules()
    stages = edges()
    collected = [rule for rule, read in stages.items() if read and set(read) <= set(comparisons)]
    return stages | {
        "triplet_figure": ["triplets"],
        "claims": comparisons,
        "figures": comparisons,
        "notebook": ["claims", "figures", *compare_rules({table for read in notebooks().values() for table in read})],
        "paper": ["claims", "figures", "quadratic_form", *collected],
        "page": ["claims", "figures", "triplet_figure"],
        "explorer": ["quadratic_form", "labelled", *_TRAINING],
    }


def boxes_of_the_workflow() -> dict[str, str]:
    """The part of the workflow that each rule is of: where its function lies, or that it reads what compares."""
    boxes = {}
    for folder, stage in stages():
        module = function_of(folder, stage).partition(":")[0]
        kind = module.removeprefix("ssl_dynamics.experiments.").split(".")[1]
        # A design that takes theory is made by a function of `solve`.
        kind = "design" if stage.rule.startswith("design_") else kind
        boxes[stage.rule] = "data" if module.startswith("ssl_dynamics.experiments.data.") else kind
    return {rule: boxes.get(rule, "data" if rule == "triplet_figure" else "report") for rule in rules_of_the_workflow()}


@cache
def notebooks() -> dict[str, list[str]]:
    """The tables that each notebook reads, by its name."""
    return {path.stem: notebook_parameters(path) for path in sorted(_NOTEBOOKS.glob("*.ipynb"))}


def tables_of(claim: "Claim", config: Config) -> list[str]:
    """The files, below the results, of the table that a claim reads, and of that which its control reads."""
    files = {
        f"{cell(experiment)}/{table}.csv".format(dataset=dataset, loss=loss, dimension=z)
        for experiment, table in (claim.own_table, claim.control_table)
        for dataset, loss, z in config.cells(experiment)
    }
    return sorted(files)


def _origin(figure: Figure) -> dict[str, Any]:
    experiments = [name for name, tables in TABLES.items() if set(figure.tables) & set(tables)]
    return {"tables": list(figure.tables), "experiments": experiments}
