# What the rules share: the checked configuration, the command of a stage, the fingerprints that decide re-runs.
import os
import shlex
import sys
from pathlib import Path

SOURCE = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SOURCE))

from snakemake.exceptions import WorkflowError
from ssl_dynamics.pipeline import settings
from ssl_dynamics.pipeline.captions import caption
from ssl_dynamics.pipeline.config import ConfigError, load_config, parse_config
from ssl_dynamics.pipeline.fingerprint import fingerprint, lock_fingerprint
from ssl_dynamics.pipeline.notebook_imports import notebook_imports
from ssl_dynamics.pipeline.tables import (
    FIGURE_FUNCTIONS,
    FIGURE_TABLES,
    NOTEBOOK_TABLES,
    PAPER_FIGURES,
    TABLES,
)

try:
    CONFIG = (
        parse_config(config, "config")
        if config
        else load_config(Path(workflow.basedir) / "config/full.yaml")
    )
except ConfigError as error:
    raise WorkflowError(str(error)) from None

RESULTS = CONFIG.results
ALL_FIGURES = [*FIGURE_TABLES, *(f"triplets-{dataset}" for dataset in CONFIG.datasets)]
LOCK = lock_fingerprint(Path(workflow.basedir) / "requirements.lock")

# One thread a job, whatever the cores: a different count would change the last bits of matrix products. No bytecode:
# on a full disk Python leaves a truncated file of it, in which the next process would end.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
shell.prefix(
    f"export PYTHONPATH={shlex.quote(str(SOURCE))} PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 {' '.join(f'{name}=1' for name in THREAD_VARIABLES)}; "
)


wildcard_constraints:
    dataset="|".join(CONFIG.datasets),
    loss="|".join(CONFIG.losses),
    dynamics="unconstrained|grassmannian",  # those that share the rules of dynamics.smk
    dimension=r"\d+",


def command(stage):
    """Shell command of a stage; all that it reads is in the params of its rule."""
    return (
        f"exec python -m ssl_dynamics.pipeline.stages.{stage} --settings {{params.settings:q}} --code {{params.code}} "
        "--lock {params.lock} --inputs {params.inputs:q} --outputs {params.outputs:q} --log {log:q}"
    )


def code(stage, *further):
    return fingerprint(f"ssl_dynamics.pipeline.stages.{stage}", *further)


def drawing(figure):
    """The function that draws a figure, "module:function"."""
    return f"ssl_dynamics.figures.{FIGURE_FUNCTIONS[figure]}"


def part_of_the_report(wildcards):
    return FIGURE_FUNCTIONS[wildcards.figure].partition(":")[0].replace("_", " ")


def figure_labels(wildcards):
    return {"figure": wildcards.figure, "shows": caption(wildcards.figure)}


def named(files):
    """NAME=PATH for every input or output of a rule."""
    return [
        f"{name}={path}"
        for name, value in files.items()
        for path in ([value] if isinstance(value, str) else value)
    ]


def cell(experiment):
    """Folder of the cells of one experiment, their other wildcards left open."""
    return RESULTS / "{dataset}/{loss}" / experiment / "z{dimension}"


def compare_settings(wildcards):
    return settings.CompareSettings(
        dataset_name=wildcards.dataset,
        loss=wildcards.loss,
        dimension=wildcards.dimension,
    ).model_dump_json()


def drift_settings(wildcards):
    return settings.DriftSettings(
        root_seed=CONFIG.root_seed,
        seeds=CONFIG.seeds,
        dataset_name=wildcards.dataset,
        loss=wildcards.get("loss"),
        dimension=wildcards.dimension,
        drift=CONFIG.drift,
    ).model_dump_json()


def tables(name):
    """The comparison tables of one name, over all cells of the configuration."""
    return [
        RESULTS / dataset / loss / experiment / f"z{z}" / f"{name}.csv"
        for experiment, names in TABLES.items()
        if name in names
        for dataset, loss, z in CONFIG.cells(experiment)
    ]


def figure_files(names, suffixes):
    # An experiment that is not configured, or needs labels where no data set has any, has no table and no figure.
    return [
        RESULTS / "figures" / f"{name}.{suffix}"
        for name in names
        if all(tables(table) for table in FIGURE_TABLES.get(name, ()))
        for suffix in suffixes
    ]


def notebooks():
    """Those that have something to show: a table of an experiment that is configured."""
    return [name for name, read in NOTEBOOK_TABLES.items() if any(map(tables, read))]


def notebook_file(wildcards):
    return f"workflow/notebooks/{wildcards.notebook}.ipynb"


def quadratic_forms():
    return [(dataset, loss) for dataset in CONFIG.datasets for loss in CONFIG.losses]


def paper_sources():
    """All that the main file of the paper includes."""
    return sorted(
        f"paper/{path.name}"
        for path in Path(workflow.basedir, "paper").iterdir()
        if path.suffix in (".typ", ".bib") and path.name != "paper.typ"
    )
