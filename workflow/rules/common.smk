# What the rules share: the checked configuration, the command of a stage, the fingerprints that decide re-runs.
import gc
import shlex
import sys
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

TOP = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
SOURCE = TOP / "src"
sys.path.insert(0, str(SOURCE))

from snakemake.exceptions import WorkflowError
from ssl_dynamics import catalogue, equations
from ssl_dynamics.config import ConfigError, parse_config
from ssl_dynamics.config_file import load_config
from ssl_dynamics.draws import (
    KEPT,
    ROOTS,
    STOPPED,
    chunks,
    draws_of,
    equation_roots,
    folder_of,
    told,
)
from ssl_dynamics.engine import clean_environment
from ssl_dynamics.engine.fingerprint import fingerprint, lock_fingerprint
from ssl_dynamics.engine.notebook_imports import notebook_figures, notebook_imports
from ssl_dynamics.engine.stage import units_of
from ssl_dynamics.report import configured
from ssl_dynamics.root_seed import taken_apart

# That of the jobs, which this process starts; and with their Python, unless conda is to bring it.
if "conda" in map(str, workflow.deployment_settings.deployment_method):
    clean_environment.enter()
else:
    clean_environment.enter_with_this_python()

# What Snakemake and this workflow have imported stays: without this Python would search it for cycles again and again.
gc.freeze()

TOLD, KEYS = told(config)
try:
    CONFIG = (
        parse_config(KEYS, "config") if KEYS else load_config(TOP / "config/full.yaml")
    ).placed(Path(workflow.basedir))
    DRAWS = draws_of(CONFIG, TOLD[ROOTS])
    EQUATION_ROOTS = equation_roots(CONFIG, TOLD[ROOTS])
except ConfigError as error:
    raise WorkflowError(str(error)) from None

# The runs at hand by name: that of the configuration, and its draws, which differ in their root seeds alone.
RUNS = {run.name: run for run in (CONFIG, *DRAWS)}
RESULTS = Path("results/{run}")


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
    folder: Path = RESULTS  # below which provenance, log and benchmark lie
    unpacked: list = field(
        default_factory=list
    )  # functions of the wildcards that give inputs by name

    def __post_init__(self):
        self.log = self.log or self.provenance


LOCK = lock_fingerprint(TOP / "requirements.lock")
# The tables that each notebook reads.
NOTEBOOKS = configured.notebooks()

# One thread a job, whatever the cores: a different count would change the last bits of matrix products. No bytecode:
# on a full disk Python leaves a truncated file of it, in which the next process would end.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
shell.prefix(
    f"export PYTHONPATH={shlex.quote(str(SOURCE))} PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 {' '.join(f'{name}=1' for name in THREAD_VARIABLES)}; "
)


wildcard_constraints:
    **catalogue.wildcards(),
    run="|".join(RUNS),
    dataset="|".join(CONFIG.datasets),
    loss="|".join(CONFIG.losses),
    dimension=r"\d+",
    chunk=r"\d+",
    part=r"\d+",
    notebook="|".join(NOTEBOOKS),


def of_the_configuration(files):
    """Files of the run of the configuration, not of its draws."""
    return expand(files, run=CONFIG.name)


def of_the_run(settings):
    """The settings of a stage of the report as a function of the wildcards, of one of the configuration."""

    @cache
    def text(run):
        return settings(RUNS[run]).model_dump_json()

    return lambda wildcards: text(wildcards.run)


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
        for path in (TOP / "paper").iterdir()
        if path.suffix in (".typ", ".bib") and path.name != "paper.typ"
    )


def shipped_draws():
    """What the reference says of draws of the configuration, if it does; the same for every root seed."""
    path = f"results/reference/{taken_apart(CONFIG.name)[0]}/draws.json"
    return [path] if (TOP / path).is_file() else []


def claims_of_draw(draw):
    """The verdicts of a draw: of its run, or, where it is not run, of what is shipped of it."""
    if draw.root_seed in TOLD[KEPT]:
        return f"results/reference/{CONFIG.name}/draws/{draw.root_seed}.json"
    return draw.results / "claims.json"


def numbers_are_shipped(run):
    """Whether `make verify` has something to compare this run with."""
    return (TOP / f"results/reference/{run.name}/verdicts.json").is_file()


def own_files(dataset):
    """The user's own files; what leads out of this folder by its full path, since plans are made in another one."""
    files = CONFIG.data_files(dataset)
    return [
        Path(workflow.basedir) / path if ".." in path.parts else path for path in files
    ]


def data_files(wildcards):
    return own_files(wildcards.dataset)


def as_configured(path):
    """A path without what `own_files` puts before it: provenance has it as the configuration does."""
    return path.removeprefix(f"{workflow.basedir}/") if "/../" in path else path


def stage_settings(stage, wildcards):
    values = dict(wildcards.items())
    return RUNS[values.pop("run")].settings_of(stage, values).model_dump_json()


def read_by(stage, path):
    """What a stage reads under this path: where several jobs share the work of a cell, the files of all of them."""
    if "{part}" in path and not stage.parts:
        return partial(parts_of, path)
    return RESULTS / path


def parts_of(path, wildcards):
    cell = dict(wildcards.items())
    parts = RUNS[cell["run"]].parts(catalogue.maker_of(path), cell)
    return expand(RESULTS / path, part=parts, **cell)


def rule_of(folder, stage):
    """The rule of an experiment's stage; it reads tables of all cells, or the user's own files, where it says so."""
    files = {name: read_by(stage, path) for name, path in stage.reads.items()}
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
        f"{name}={as_configured(path)}"
        for name, value in files.items()
        for path in ([value] if isinstance(value, str) else value)
    ]
