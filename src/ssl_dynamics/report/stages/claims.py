"""Comparison tables to verdicts."""

from ssl_dynamics.engine.artifacts import write_json
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.registry import GROUPS
from ssl_dynamics.report.settings import ClaimsSettings
from ssl_dynamics.report.verdicts import record_of


def claims(job: Job[ClaimsSettings]) -> None:
    """Stage `claims`."""
    records = (record_of(claim, part, job.inputs, job.settings) for part, stated in GROUPS.items() for claim in stated)
    write_json(job.output("claims"), [record for record in records if record])
