"""Comparison tables to verdicts, and to a sentence for each figure that follows from them."""

from collections.abc import Sequence

from statsmodels.stats.multitest import multipletests

from ssl_dynamics.engine.artifacts import write_json
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.registry import GROUPS
from ssl_dynamics.report.findings import findings_of
from ssl_dynamics.report.formatting import Record
from ssl_dynamics.report.settings import VerdictsSettings
from ssl_dynamics.report.verdicts import record_of


def claims(job: Job[VerdictsSettings]) -> None:
    """Stage `claims`."""
    stated = ((claim, part) for part, claims in GROUPS.items() for claim in claims)
    records = [record for claim, part in stated if (record := record_of(claim, part, job.inputs, job.settings))]
    records = corrected(records)
    write_json(job.output("claims"), records)
    write_json(job.output("findings"), findings_of(records, job.settings.findings))


def corrected(records: Sequence[Record]) -> list[Record]:
    """Records with their p-values corrected by Holm's method; those that have none do not count.

    Many claims are judged at once: this bounds the chance that any of them passes wrongly.
    """
    raw = {record["id"]: record["p"] for record in records if record["p"] is not None}
    holm = dict(zip(raw, multipletests([*raw.values()], method="holm")[1].tolist(), strict=True)) if raw else {}
    return [record | {"p": holm.get(record["id"])} for record in records]
