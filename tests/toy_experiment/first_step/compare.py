"""The falls, as taken and as predicted."""

import pandas as pd

from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.first_step.design import Falls


def compare(job: Job[CompareSettings]) -> None:
    trained, solution = (Falls.load(job.input(name)) for name in ("trained", "solution"))
    falls = pd.DataFrame({"fall": trained.fall, "predicted": solution.fall, "control": solution.control})
    write_tables(job, "first_step", {"falls": falls.rename_axis("seed").reset_index()})
