"""Stage `solve_objectives`: where the dot product and InfoNCE at high temperature lead, from forms alone."""

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.objectives import scaled_batch
from ssl_dynamics.pipeline.settings import NoSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.quadratic import batch_moments, in_batch_form
from ssl_dynamics.theory import info_nce_span, leading_eigenspace


def compute(job: Job[NoSettings]) -> None:
    schedule = read_arrays(job.input("schedule"))
    batch = scaled_batch(read_arrays(job.input("triplets")), schedule)
    z, temperatures = schedule["start"].shape[-1], schedule["temperatures"]
    C = in_batch_form(batch.anchor, batch.positive)
    A, B = batch_moments(batch.anchor, batch.positive)
    own = quadratic_form(batch.anchor, batch.positive, batch.negative, loss="contrastive")
    write_arrays(
        job.output("solution"),
        {
            "own_leading": leading_eigenspace(own, z),
            "in_batch_leading": leading_eigenspace(C, z),
            "departed": info_nce_span(C, A, B, z, temperatures),
            # Half of the departure, which is of first order in 1/τ.
            "departed_control": info_nce_span(C, A, B, z, 2 * temperatures),
        },
    )


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_objectives", NoSettings, compute)
