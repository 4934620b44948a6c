"""Typeset the replication report from the verdicts, tables and figures of a run."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import typst

from ssl_dynamics import __version__
from ssl_dynamics.analysis import INTERVAL_LEVEL
from ssl_dynamics.claims.changes import CHANGES, KINDS, NOT_RECORDED
from ssl_dynamics.engine.artifacts import read_arrays, whole_file
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.constrained_nets.config import READ_AT
from ssl_dynamics.experiments.departure.config import SECOND_MODE, WIDE
from ssl_dynamics.problem.levels import COLLAPSE_TIME, DEPARTURE
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.abstracts import ABSTRACTS
from ssl_dynamics.report.formatting import read_shipped
from ssl_dynamics.report.settings import PaperSettings
from ssl_dynamics.root_seed import variables
from ssl_dynamics.theory import least_penalty, safe_penalty

PENALTY_RATIO = 0.5  # σ_z/σ_1 of the weights that the penalties of the table keep
# Numbers of the method that no configuration changes and that the text names.
CONSTANTS = {
    "level": INTERVAL_LEVEL,
    "collapse_time": COLLAPSE_TIME,
    "departure": DEPARTURE,
    "read_at": READ_AT,
    "second_mode": SECOND_MODE,
    "wide": WIDE,
    "penalty_ratio": PENALTY_RATIO,
}


def paper(job: Job[PaperSettings]) -> None:
    """Stage `paper`."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lay_out(root, job)
        pdf, warnings = typeset(root / job.input("main").name, root)
    for warning in warnings:
        job.log.info("typst: %s", warning)
    with whole_file(job.output("pdf")) as part:
        part.write_bytes(pdf)


def lay_out(root: Path, job: Job[PaperSettings]) -> None:
    """Put the sources, and under data/ all that they read, into one folder: the same names whatever the run."""
    data = root / "data"
    data.mkdir()
    for path in [job.input("main"), *job.inputs["sources"]]:
        shutil.copyfile(path, root / path.name)
    for path in [job.input("claims"), *job.inputs.get("figures", []), *job.inputs.get("tables", [])]:
        shutil.copyfile(path, data / path.name)
    (data / "run.json").write_text(json.dumps(description(job)), encoding="utf-8")


def description(job: Job[PaperSettings]) -> dict[str, Any]:
    """What the text says beside verdicts: the version, set-up, constants, spectra of C, origin of the figures."""
    forms = zip(job.settings.forms, job.inputs["forms"], strict=True)
    penalised = (job.settings.config["soft_constraint"] or {}).get("dimensions", [])
    return {
        "version": __version__,
        "config": job.settings.config,
        "variables": variables(job.settings.config["name"]),
        "constants": CONSTANTS,
        "spectra": [
            {"dataset": dataset, "loss": loss, **_spectrum(path, penalised)} for (dataset, loss), path in forms
        ],
        "abstracts": ABSTRACTS,
        "claims": [{"id": claim.id, "source": claim.source, "statement": claim.statement} for claim in CLAIMS],
        "figures": {path.stem: job.settings.origins[path.stem] for path in job.inputs.get("figures", [])},
        "changes": [
            {"kind": change.kind, "claims": change.claims, "recorded": change.result != NOT_RECORDED}
            for change in CHANGES
        ],
        "kinds": KINDS,
        "over_draws": read_shipped(job.inputs.get("over_draws", [])),
        "tables": [path.stem for path in job.inputs.get("tables", [])],
    }


def _spectrum(path: Path, dimensions: Sequence[int]) -> dict[str, Any]:
    """The eigenvalues of C, and for each dimension z the penalties that keep σ_z/σ_1, at the end and at all times."""
    C = read_arrays(path)["C"]
    safe = safe_penalty(C, ratio=PENALTY_RATIO)
    penalties = [{"z": z, "least": least_penalty(C, z, ratio=PENALTY_RATIO), "safe": safe} for z in dimensions]
    return {"d": len(C), "eigenvalues": np.linalg.eigvalsh(C).tolist(), "penalties": penalties}


def typeset(source: Path, root: Path) -> tuple[bytes, list[str]]:
    """PDF of a Typst source below `root`, and the warnings. Raises RuntimeError with Typst's message.

    Fonts are those that Typst and matplotlib bring along, so that every machine has the same.
    """
    fonts = [Path(mpl.get_data_path()) / "fonts/ttf"]
    try:
        pdf, warnings = typst.compile_with_warnings(
            source, root=root, font_paths=fonts, ignore_system_fonts=True, format="pdf"
        )
    except typst.TypstError as error:
        raise RuntimeError(f"{source.name}: {' '.join(str(error).split())}") from error
    return pdf, [warning.message for warning in warnings]
