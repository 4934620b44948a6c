"""Verdicts, figures and the picture of the workflow to one HTML file that needs nothing else."""

import json
import re

from ssl_dynamics.engine.artifacts import whole_file
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.report.formatting import read_shipped
from ssl_dynamics.report.links import links_here
from ssl_dynamics.report.page import render
from ssl_dynamics.report.settings import PageSettings


def page(job: Job[PageSettings]) -> None:
    """Stage `page`."""
    settings = job.settings
    lines = (line.strip(" -") for line in job.input("environment").read_text(encoding="utf-8").splitlines())
    text = render(
        json.loads(job.input("claims").read_text(encoding="utf-8")),
        {path.stem: path for path in job.inputs["figures"] if path.suffix == ".svg"},
        {name: job.input(name).read_text(encoding="utf-8") for name in ("template", "style", "script")},
        config_name=settings.config_name,
        root_seed=settings.root_seed,
        seeds=settings.seeds,
        captions=settings.captions,
        findings=json.loads(job.input("findings").read_text(encoding="utf-8")),
        rules=settings.rules,
        boxes=settings.boxes,
        banner=settings.banner,
        verifiable=settings.verifiable,
        # No setting: the page names the commit it was made at, and a later one does not make it anew.
        links=links_here(),
        over_draws=read_shipped(job.inputs.get("over_draws", [])),
        pins=[line for line in lines if re.fullmatch(r"[^=# ]+==?[^= ]+", line)],
    )
    with whole_file(job.output("page")) as part:
        part.write_text(text, encoding="utf-8")
