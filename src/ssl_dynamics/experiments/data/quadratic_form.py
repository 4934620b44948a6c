"""Stage `quadratic_form`: triplets to C, all that the theory sees of the data."""

from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.shared_files import read_triplets


def quadratic_form(job: Job[LossSettings]) -> None:
    C = form_of(read_triplets(job.input("triplets")), job.settings.loss)
    write_arrays(job.output("quadratic_form"), {"C": C})
