"""Stage `solve_departure`: departure and blow-up of nets of every width by their Gram equations, and in closed form."""

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.analysis import first_passage, interpolated
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.departure_plan import read_plan
from ssl_dynamics.pipeline.points import form_of
from ssl_dynamics.pipeline.settings import LossSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.theory import departure_law, gram_curve, gram_state

Array = NDArray[np.float64]

# Times at which the drift is read at every width, in units of 1/μ: one for all, and one that goes with the logarithm of
# the width, which no start with an amplitude below 2e = 5.4 survives its blow-up to miss.
FIXED_TIME, BEFORE_LOGARITHM = 2.0, 1.0


def compute(job: Job[LossSettings]) -> None:
    points = read_arrays(job.input("points"))
    plan = read_plan(read_arrays(job.input("plan")))
    C = form_of(points, job.settings.loss)
    progress = Progress(job, len(plan.widths))
    by_width = []
    for width in map(int, plan.widths):
        by_width.append(_solve(C, points["anchor"], plan.factors(width), width))
        progress.advance()
    solution: Arrays = {name: np.stack([part[name] for part in by_width]) for name in by_width[0]}
    for width in map(int, plan.trained):  # control: the width in the equations wrong by a factor of 2
        wrong = gram_curve(C, gram_state(*plan.factors(width), width), width=2 * width, points=points["anchor"])
        solution[f"departure_double_{width}"] = first_passage(wrong.times, wrong.drift, DEPARTURE)
    write_arrays(job.output("solution"), solution)


def _solve(C: Array, X: Array, factors: tuple[Array, Array], width: int) -> Arrays:
    """Of the nets of one width: times (S,); the drift at the two moments, negative where the net is no more."""
    start = gram_state(*factors, width)
    curve = gram_curve(C, start, width=width, points=X)
    law = departure_law(C, start.cross, width=width, points=X, level=DEPARTURE)
    second = departure_law(C, start.cross, width=width, points=X, level=DEPARTURE, mode=1)
    moments = np.array([FIXED_TIME, max(np.log(width) / 2 - BEFORE_LOGARITHM, 0)]) / law.rate
    alive = moments < curve.times[:, -1:]
    drift = interpolated(curve.times, curve.drift, np.where(alive, moments, 0))
    return {
        "rate": np.array(law.rate),
        "second_rate": np.array(second.rate),
        "departure": first_passage(curve.times, curve.drift, DEPARTURE),
        "blow_up": curve.blow_up,
        "law": law.departure,
        "law_second_order": law.departure_second_order,
        "law_remaining": np.array(law.remaining),
        "law_remaining_control": np.array(second.remaining),
        "drift": np.where(alive, drift, 0),
        "alive": alive,
        "moments": moments,
    }


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_departure", LossSettings, compute)
