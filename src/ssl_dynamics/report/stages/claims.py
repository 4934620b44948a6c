"""Comparison tables to verdicts, and to a sentence for each figure that follows from them."""

from statsmodels.stats.multitest import multipletests

from ssl_dynamics.engine.artifacts import write_json
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.registry import GROUPS
from ssl_dynamics.report.findings import findings_of
from ssl_dynamics.report.settings import VerdictsSettings
from ssl_dynamics.report.verdicts import record_of


def claims(job: Job[VerdictsSettings]) -> None:
    """Stage `claims`."""
    stated = ((claim, part) for part, claims in GROUPS.items() for claim in claims)
    records = [record for claim, part in stated if (record := record_of(claim, part, job.inputs, job.settings))]
    # Many claims are judged at once: Holm's correction bounds the chance that any of them passes wrongly.
    tested = [record["id"] for record in records if record["p"] is not None]
    raw = [record["p"] for record in records if record["p"] is not None]
    corrected = dict(zip(tested, multipletests(raw, method="holm")[1].tolist(), strict=True)) if raw else {}
    records = [record | {"p": corrected.get(record["id"])} for record in records]
    write_json(job.output("claims"), records)
    write_json(job.output("findings"), findings_of(records, job.settings.findings))
