"""The fall of a quadratic loss in one step, in closed form: η‖2CW‖² − η² Tr(2CW)ᵀC(2CW)."""

import numpy as np

from ssl_dynamics.cells import LossSettings, read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.first_step.design import Design, Falls


def solve(job: Job[LossSettings]) -> None:
    C, design = read_form(job.input("form")), Design.load(job.input("design"))
    gradient = 2 * C @ design.start
    first = design.learning_rate * (gradient**2).sum((-2, -1))
    second = design.learning_rate**2 * np.einsum("sdz,de,sez->s", gradient, C, gradient)
    Falls(first - second, control=first).save(job.output("solution"))
