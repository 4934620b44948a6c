# What the rules share: the checked configuration, the command of a stage, the fingerprints that decide re-runs.
import gc
import shlex
import sys
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

SOURCE = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SOURCE))

from snakemake.exceptions import WorkflowError
from ssl_dynamics import catalogue
from ssl_dynamics.config import ConfigError, load_config, parse_config
from ssl_dynamics.engine.fingerprint import fingerprint, lock_fingerprint
from ssl_dynamics.engine.notebook_imports import notebook_imports, notebook_parameters
from ssl_dynamics.engine.stage import units_of
from ssl_dynamics.report import configured
from ssl_dynamics.report.settings import NotebookSettings

# What Snakemake and this workflow have imported stays: without this Python would search it for cycles again and again.
gc.freeze()

try:
    CONFIG = (
        parse_config(config, "config")
        if config
        else load_config(Path(workflow.basedir) / "config/full.yaml")
    )
except ConfigError as error:
    raise WorkflowError(str(error)) from None

RESULTS = CONFIG.results


@dataclass
class StageRule:
    """What differs from rule to rule; stages.smk makes a rule of each."""

    name: str
    stage: str  # "module:function"
    settings: object  # text, or a function of the wildcards, as elsewhere below
    input: dict
    output: dict
    provenance: str  # path below the results, without suffix
    message: str
    log: str = (
        ""  # path below logs/ and benchmarks/; that of the provenance, unless given
    )
    memory: int = 1000
    minutes: int = 2
    group: str | None = "report"
    roots: object = ()
    unpacked: list = field(
        default_factory=list
    )  # functions of the wildcards that give inputs by name

    def __post_init__(self):
        self.log = self.log or self.provenance


LOCK = lock_fingerprint(Path(workflow.basedir) / "requirements.lock")
# The tables that each notebook reads.
NOTEBOOKS = {
    path.stem: notebook_parameters(path)
    for path in Path(workflow.basedir, "workflow/notebooks").glob("*.ipynb")
}

# One thread a job, whatever the cores: a different count would change the last bits of matrix products. No bytecode:
# on a full disk Python leaves a truncated file of it, in which the next process would end.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
shell.prefix(
    f"export PYTHONPATH={shlex.quote(str(SOURCE))} PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 {' '.join(f'{name}=1' for name in THREAD_VARIABLES)}; "
)


wildcard_constraints:
    **catalogue.wildcards(),
    dataset="|".join(CONFIG.datasets),
    loss="|".join(CONFIG.losses),
    dimension=r"\d+",
    notebook="|".join(NOTEBOOKS),


def tables(name):
    """The comparison tables of one name, over all cells of the configuration."""
    return [
        RESULTS / dataset / loss / experiment / f"z{z}" / f"{name}.csv"
        for experiment, names in catalogue.TABLES.items()
        if name in names
        for dataset, loss, z in CONFIG.cells(experiment)
    ]


def drawn(figures):
    """Those whose tables there are: an experiment may not be configured, or need labels where no data set has any."""
    return [figure for figure in figures if all(map(tables, figure.tables))]


def figure_files(suffixes, figures=catalogue.FIGURES.values(), triplets=True):
    names = [figure.name for figure in drawn(figures)]
    names += [f"triplets-{dataset}" for dataset in CONFIG.datasets if triplets]
    return [
        RESULTS / f"figures/{name}.{suffix}" for name in names for suffix in suffixes
    ]


def collected_tables():
    """Tables over the cells of an experiment, of experiments that are configured."""
    return [
        RESULTS / path
        for _, stage in catalogue.stages()
        if stage.collects and all(map(tables, stage.collects))
        for path in stage.writes.values()
    ]


def notebooks():
    """Those of the parts of the report that have an experiment that is configured."""
    return [
        name
        for name in NOTEBOOKS
        if any(
            experiment.part == name and CONFIG.cells(experiment.name)
            for experiment in catalogue.EXPERIMENTS.values()
        )
    ]


def quadratic_forms():
    return [(dataset, loss) for dataset in CONFIG.datasets for loss in CONFIG.losses]


def paper_sources():
    """All that the main file of the paper includes."""
    return sorted(
        f"paper/{path.name}"
        for path in Path(workflow.basedir, "paper").iterdir()
        if path.suffix in (".typ", ".bib") and path.name != "paper.typ"
    )


def data_files(wildcards):
    return CONFIG.data_files(wildcards.dataset)


def stage_settings(stage, wildcards):
    return CONFIG.settings_of(stage, dict(wildcards.items())).model_dump_json()


def rule_of(folder, stage):
    """The rule of an experiment's stage; it reads tables of all cells, or the user's own files, where it says so."""
    files = {name: RESULTS / path for name, path in stage.reads.items()}
    files |= {name: tables(name) for name in stage.collects}
    files |= {"data": data_files} if stage.reads_data else {}
    return StageRule(
        name=stage.rule,
        stage=catalogue.function_of(folder, stage),
        settings=partial(stage_settings, stage),
        input=files,
        output={name: RESULTS / path for name, path in stage.writes.items()},
        provenance=stage.provenance_path,
        log=stage.log_path,
        message=stage.message_of_a_job,
        memory=stage.memory,
        minutes=stage.minutes,
        group=stage.group,
    )


def roots_of(job, wildcards):
    """What the settings of a stage make it use besides; of the wildcards alone, so that Snakemake compares it."""
    return job.roots(wildcards) if callable(job.roots) else job.roots


def code_of(job, wildcards):
    return code(job.stage, *roots_of(job, wildcards))


@cache
def code(stage, *roots):
    return fingerprint(*units_of(stage, roots))


def named(files):
    """NAME=PATH for every input or output of a rule."""
    return [
        f"{name}={path}"
        for name, value in files.items()
        for path in ([value] if isinstance(value, str) else value)
    ]
