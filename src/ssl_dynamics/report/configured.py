"""The settings of the stages of the report, of a configuration and of what the experiments say of themselves."""

from collections.abc import Sequence
from typing import Any

from ssl_dynamics.catalogue import FIGURES, TABLES, caption, compare_rules, drawing_of, edges, paper_figures
from ssl_dynamics.config import Config
from ssl_dynamics.description import Figure
from ssl_dynamics.problem.settings import Loss
from ssl_dynamics.report.settings import ClaimsSettings, DrawnFigure, FiguresSettings, PageSettings, PaperSettings


def claims_settings(config: Config) -> ClaimsSettings:
    return ClaimsSettings(
        seeds={name: config.seeds_of(name) for name in TABLES},
        config_name=config.name,
        grid={name: config.cells(name) for name in TABLES},
    )


def figures_settings(figures: Sequence[Figure]) -> FiguresSettings:
    return FiguresSettings(
        figures=[
            DrawnFigure(name=figure.name, function=drawing_of(figure), tables=list(figure.tables)) for figure in figures
        ]
    )


def page_settings(config: Config) -> PageSettings:
    return PageSettings(
        root_seed=config.root_seed,
        config_name=config.name,
        seeds={name: config.seeds_of(name) for name in TABLES if config.cells(name)},
        captions={name: caption(figure) for name, figure in FIGURES.items()},
        rules=rules_of_the_workflow(),
    )


def paper_settings(config: Config, forms: list[tuple[str, Loss]]) -> PaperSettings:
    return PaperSettings(
        config=config.model_dump(mode="json"),
        forms=forms,
        origins={figure.name: _origin(figure) for figure in paper_figures()},
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
        "notebook": ["claims", *comparisons],
        "paper": ["claims", "figures", "quadratic_form", *collected],
        "page": ["claims", "figures", "triplet_figure"],
    }


def _origin(figure: Figure) -> dict[str, Any]:
    (table,) = figure.tables  # no figure of the paper reads several
    return {"table": table, "experiments": [name for name, tables in TABLES.items() if table in tables]}
