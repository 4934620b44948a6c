"""Stage `page`: verdicts, figures and the picture of the workflow to one HTML file that needs nothing else."""

import json
import re

from ssl_dynamics.pipeline.artifacts import whole_file
from ssl_dynamics.pipeline.page import render
from ssl_dynamics.pipeline.settings import PageSettings
from ssl_dynamics.pipeline.stage import Job, main


def compute(job: Job[PageSettings]) -> None:
    settings = job.settings
    lines = (line.strip(" -") for line in job.input("environment").read_text(encoding="utf-8").splitlines())
    page = render(
        json.loads(job.input("claims").read_text(encoding="utf-8")),
        {path.stem: path for path in job.inputs["figures"] if path.suffix == ".svg"},
        {name: job.input(name).read_text(encoding="utf-8") for name in ("template", "style", "script")},
        config_name=settings.config_name,
        root_seed=settings.root_seed,
        seeds=settings.seeds,
        captions=settings.captions,
        pins=[line for line in lines if re.fullmatch(r"[^=# ]+==?[^= ]+", line)],
    )
    with whole_file(job.output("page")) as part:
        part.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.page", PageSettings, compute)
