"""Comparison tables to verdicts."""

from statsmodels.stats.multitest import multipletests

from ssl_dynamics.engine.artifacts import write_json
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.registry import GROUPS
from ssl_dynamics.report.settings import ClaimsSettings
from ssl_dynamics.report.verdicts import record_of


def claims(job: Job[ClaimsSettings]) -> None:
    """Stage `claims`."""
    stated = ((claim, part) for part, claims in GROUPS.items() for claim in claims)
    records = [record for claim, part in stated if (record := record_of(claim, part, job.inputs, job.settings))]
    # Many claims are judged at once: Holm's correction bounds the chance that any of them passes wrongly.
    _, corrected, _, _ = multipletests([record["p"] for record in records], method="holm")
    write_json(job.output("claims"), [record | {"p": p} for record, p in zip(records, corrected.tolist(), strict=True)])
