"""Stage `claims`: comparison tables to verdicts."""

from ssl_dynamics.claims.registry import GROUPS
from ssl_dynamics.pipeline.artifacts import write_json
from ssl_dynamics.pipeline.settings import ClaimsSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.pipeline.verdicts import record_of


def compute(job: Job[ClaimsSettings]) -> None:
    records = (
        record_of(claim, group, job.inputs, job.settings) for group, claims in GROUPS.items() for claim in claims
    )
    write_json(job.output("claims"), [record for record in records if record])


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.claims", ClaimsSettings, compute)
