"""First half of `make archive`, in the environment of the pipeline: what there is to archive, as JSON.

Refuses, in one line, results that are not whole, as they were made, and of the present code, pins and configuration.
"""

import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ssl_dynamics.pipeline.artifacts import sha256, write_json
from ssl_dynamics.pipeline.check import check_artifacts
from ssl_dynamics.pipeline.config import SHIPPED_CHECKSUM, Config, ConfigError, load_config
from ssl_dynamics.pipeline.fingerprint import lock_fingerprint
from ssl_dynamics.pipeline.provenance import SUFFIX, records_below
from ssl_dynamics.pipeline.run_record import FILE, LIBRARIES, LOCK, read_runs, surroundings
from ssl_dynamics.problem.settings import DatasetSettings, Digits, FashionMnist, GaussianMixture

SNAKEMAKE = Path(".snakemake/metadata")  # what Snakemake knows of every output, by which it decides on re-runs
LONGEST_NAME = 254  # of the parts into which it cuts the names of these files

Entry = dict[str, Any]


def main(config_file: Path, output: Path) -> None:
    """Write the inventory of a finished run."""
    try:
        config = load_config(config_file)
        require_whole(config_file, config)
        jobs = [job(path, record) for path, record in records_below(config.results)]
    except (ConfigError, ValueError, OSError) as error:
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
            "runs": runs_of(config.results / FILE, jobs),
        },
    )


def require_whole(config_file: Path, config: Config) -> None:
    """Raise ValueError if an artifact is missing, edited or stale, or a job is still to be done."""
    if problems := check_artifacts(config.results, lock_fingerprint(LOCK)):
        raise ValueError(f"{config.results}: not archived, `make check` finds {len(problems)} problems: {problems[0]}")
    dry_run = [sys.executable, "-m", "snakemake", "--configfile", str(config_file), "--cores", "1", "--dry-run"]
    plan = subprocess.run(dry_run, capture_output=True, text=True, check=False)
    if plan.returncode != 0 or "Nothing to be done" not in plan.stdout + plan.stderr:
        raise ValueError(
            f"{config.results}: not archived, jobs of {config_file} are still to be done; "
            f"first `make run CONFIG={config_file}`"
        )


def job(provenance: Path, record: Entry) -> Entry:
    """One job: what it did, from its provenance; when, from Snakemake; what it cost, from its benchmark."""
    metadata = [snakemake_file(path) for path in (provenance.as_posix(), *record["outputs"])]
    if missing := [path for path in metadata if not path.is_file()]:
        raise ValueError(
            f"{provenance}: not archived, Snakemake has no record of this job ({missing[0]}): "
            "copy .snakemake/metadata along with the results"
        )
    known = json.loads(metadata[0].read_text(encoding="utf-8"))
    (log,) = known["log"]
    benchmark = Path(log.replace("/logs/", "/benchmarks/", 1)).with_suffix(".tsv")
    header, values = (line.split("\t") for line in benchmark.read_text(encoding="utf-8").splitlines())
    return {
        "name": provenance.as_posix().removesuffix(SUFFIX),
        "rule": known["rule"],
        "stage": f"src/{record['stage'].replace('.', '/')}.py",
        "settings": record["settings"],
        "inputs": record["inputs"],
        "outputs": [*record["outputs"], provenance.as_posix()],
        "start": time(known["starttime"]),
        "end": time(known["endtime"]),
        "log": log,
        "benchmark": benchmark.as_posix(),
        "usage": dict(zip(header, values, strict=True)),
        "metadata": [path.as_posix() for path in metadata],
    }


def snakemake_file(output: str) -> Path:
    """Where Snakemake keeps what it knows of an output."""
    name = urlsafe_b64encode(output.encode()).decode()
    parts = [name[i : i + LONGEST_NAME] for i in range(0, len(name), LONGEST_NAME)]
    return SNAKEMAKE.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])


def runs_of(file: Path, jobs: list[Entry]) -> list[Entry]:
    """The recorded runs in which a job of these results ended; none of runs by hand, which leave no record."""
    runs = read_runs(file) if file.is_file() else []
    ends = [job["end"] for job in jobs]
    return [run for run in runs if any(run["start"] <= end <= run["end"] for end in ends)]


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
            return what | {"title": f"Gaussian mixture {name}", "note": "generated, from these settings and the seed"}
        case _:
            return what | {
                "title": f"data set {name}",
                "files": [file_entry(path) for path in settings.files()],
                "note": "not copied: whoever redoes the run puts its files where the configuration names them",
            }


def file_entry(path: Path) -> Entry:
    return {"path": path.as_posix(), "sha256": sha256(path), "bytes": path.stat().st_size}


def time(seconds: float) -> str:
    """ISO 8601 in UTC, to the second, as the profiles write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python archive/inventory.py CONFIG OUTPUT.json")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
