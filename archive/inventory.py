"""First half of `make archive`, in the environment of the pipeline: what there is to archive, as JSON.

Refuses, in one line, results that are not whole, as they were made, and of the present code, pins and configuration.
"""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from ssl_dynamics.config import SHIPPED_CHECKSUM, Config
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.artifacts import sha256, write_json
from ssl_dynamics.engine.integrity import check_plan
from ssl_dynamics.engine.provenance import SUFFIX, records_below
from ssl_dynamics.engine.run import Configuration, jobs_of
from ssl_dynamics.engine.run_record import FILE, LIBRARIES, LOCK, read_runs, surroundings
from ssl_dynamics.engine.staleness import plan_of
from ssl_dynamics.errors import ConfigError, RunError
from ssl_dynamics.settings.data import DatasetSettings, Digits, FashionMnist, GaussianMixture

# The last line of the log of a job that is done: `engine.stage` writes it.
LAST_LINE = re.compile(
    r"^(?P<time>[\d-]+ [\d:]+),\d+ WARNING \w+ (?P<name>\S+): [\d.]+ s, "
    r"(?P<cpu>[\d.]+) s of CPU, (?P<starting>[\d.]+) s to start\n\Z",
    re.MULTILINE,
)

Entry = dict[str, Any]


def main(config_file: Path, output: Path) -> None:
    """Write the inventory of a finished run."""
    try:
        config = load_config(config_file)
        require_whole(config_file, config)
        file = config.results / FILE
        runs = read_runs(file) if file.is_file() else []
        jobs = jobs_below(config.results, runs)
    except (ConfigError, RunError, ValueError, OSError) as error:
        sys.exit(str(error))
    write_json(
        output,
        {
            "config": config_file.as_posix(),
            "name": config.name,
            "results": config.results.as_posix(),
            "citation": yaml.safe_load(Path("CITATION.cff").read_text(encoding="utf-8")),
            "code": surroundings()["code"],
            "versions": pinned(LIBRARIES),
            "datasets": [dataset(name, settings) for name, settings in config.datasets.items()],
            "jobs": jobs,
            "runs": [run for run in runs if any(in_run(job, run) for job in jobs)],
        },
    )


def require_whole(config_file: Path, config: Config) -> None:
    """Raise ValueError if an artifact is missing, edited or stale, or a job is still to be done."""
    problems = check_plan(config.results, plan_of(jobs_of(Configuration(config_file))))
    if problems:
        raise ValueError(f"{config.results}: not archived, `make check` finds {len(problems)} problems: {problems[0]}")


def jobs_below(results: Path, runs: list[Entry]) -> list[Entry]:
    """Every job: what it did, from its provenance; when, from its log; what it cost, from its benchmark."""
    logs = logs_of_jobs(results / "logs")
    jobs = []
    for path, record in records_below(results):
        name = path.as_posix().removesuffix(SUFFIX)
        if name not in logs:
            raise ValueError(f"{path}: the log of this job is gone; delete this file and run make")
        log, last = logs[name]
        benchmark = results / "benchmarks" / log.relative_to(results / "logs").with_suffix(".tsv")
        header, values = (line.split("\t") for line in benchmark.read_text(encoding="utf-8").splitlines())
        # What a job takes after Snakemake's last look at it is not in that file (`engine.cpu_time`).
        usage = dict(zip(header, values, strict=True)) | {"cpu_time": last["cpu"]}
        end = in_utc(datetime.strptime(last["time"], "%Y-%m-%d %H:%M:%S"), runs)
        jobs.append(
            {
                "name": name,
                "rule": record["rule"],
                "stage": record["stage"],
                "tool": tool_of(record["stage"]),
                "settings": record["settings"],
                "inputs": record["inputs"],
                "outputs": [*record["outputs"], path.as_posix()],
                "start": (end - timedelta(seconds=float(usage["s"]))).isoformat(timespec="seconds"),
                "end": end.isoformat(timespec="seconds"),
                "log": log.as_posix(),
                "benchmark": benchmark.as_posix(),
                "starting": float(last["starting"]),
                "usage": usage,
            }
        )
    return jobs


def tool_of(stage: str) -> str:
    """The file that holds the function of a stage, "module:function"."""
    module, _, _ = stage.partition(":")
    return f"src/{module.replace('.', '/')}.py"


def logs_of_jobs(folder: Path) -> dict[str, tuple[Path, re.Match[str]]]:
    """Log of every job that is done, with its last line, by the name that this line gives to the job."""
    found = {}
    for path in sorted(folder.rglob("*.log")):
        last = LAST_LINE.search(path.read_text(encoding="utf-8"))
        if last:
            found[last["name"]] = (path, last)
    return found


def in_utc(local: datetime, runs: list[Entry]) -> datetime:
    """A time in a log, which names no zone: that of the run in which it lies, or of this machine if it was by hand."""
    for run in runs:
        start, end = (datetime.fromisoformat(run[key]) for key in ("start", "end"))
        if start.replace(tzinfo=None) <= local <= end.replace(tzinfo=None):
            return local.replace(tzinfo=start.tzinfo).astimezone(UTC)
    return local.astimezone(UTC)


def in_run(job: Entry, run: Entry) -> bool:
    start, end, job_end = map(datetime.fromisoformat, (run["start"], run["end"], job["end"]))
    return start <= job_end <= end


def pinned(names: tuple[str, ...]) -> dict[str, str]:
    """Versions of these packages in the lock file, with which every artifact was made: `check` has seen to it."""
    lines = (line.split("#")[0].strip() for line in LOCK.read_text(encoding="utf-8").splitlines())
    pins = dict(line.split("==") for line in lines if line)
    return {name: pins[name.lower()] for name in names}


def dataset(name: str, settings: DatasetSettings) -> Entry:
    """A data set: what it is, its licence, its files with their checksums, of which only the shipped one is copied."""
    what: Entry = {"name": name, "settings": settings.model_dump(mode="json"), "files": []}
    match settings:
        case FashionMnist():
            shipped = SHIPPED_CHECKSUM.with_suffix(".npz").resolve().relative_to(Path.cwd().resolve())
            return what | {
                "title": "Fashion-MNIST, a subset of 600 images a class",
                "source": "https://github.com/zalandoresearch/fashion-mnist",
                "licence": "MIT",
                "files": [file_entry(shipped)],
                "note": "cut by scripts/make_fashion_mnist_subset.py out of the original files, which Debian's package "
                "dataset-fashion-mnist installs under /usr/share/datasets/fashion-mnist; these are not copied",
            }
        case Digits():
            import sklearn.datasets  # noqa: PLC0415 -- takes a second, and only digits need it

            data = Path(sklearn.datasets.__file__).parent / "data/digits.csv.gz"
            return what | {
                "title": "Optical Recognition of Handwritten Digits, test part, as scikit-learn ships it",
                "source": "https://doi.org/10.24432/C50P49",
                "licence": "CC-BY-4.0",
                "files": [file_entry(data) | {"path": "sklearn/datasets/data/digits.csv.gz"}],
                "note": "not copied: it comes with the pinned scikit-learn",
            }
        case GaussianMixture():
            return what | {
                "title": f"{name}, a Gaussian mixture",
                "note": "no file: the stages that read it generate it, from these settings and the root seed",
            }
        case _:
            return what | {
                "title": f"data set {name}",
                "files": [file_entry(path) for path in settings.files()],
                "note": "not copied: whoever redoes the run puts its files where the configuration names them",
            }


def file_entry(path: Path) -> Entry:
    return {"path": path.as_posix(), "sha256": sha256(path), "bytes": path.stat().st_size}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python archive/inventory.py CONFIG OUTPUT.json")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
