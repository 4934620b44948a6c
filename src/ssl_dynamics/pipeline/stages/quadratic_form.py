"""Stage `quadratic_form`: triplets to C, all that the theory sees of the data."""

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import QuadraticFormSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem import quadratic_form


def compute(job: Job[QuadraticFormSettings]) -> None:
    triplets = read_arrays(job.input("triplets"))
    loss = job.settings.loss
    negative = triplets["negative"] if loss == "contrastive" else None
    C = quadratic_form(triplets["anchor"], triplets["positive"], negative, loss=loss)
    write_arrays(job.output("quadratic_form"), {"C": C})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.quadratic_form", QuadraticFormSettings, compute)
