"""Departure and blow-up of nets of every width by their Gram equations, and in closed form."""

import numpy as np

from ssl_dynamics.analysis import first_passage, interpolated
from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine.artifacts import Arrays
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.departure.config import BEFORE_LOGARITHM, FIXED_TIME
from ssl_dynamics.experiments.departure.design import Array, Design, Solution
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.problem.starts.gaussian_nets import other_modes
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import departure_law, gram_curve, gram_state


def solve(job: Job[LossSettings]) -> None:
    """Stage `solve_departure`."""
    points = read_triplets(job.input("points"))
    plan = Design.load(job.input("plan"))
    C = form_of(points, job.settings.loss)
    progress = Progress(job, len(plan.widths))
    by_width = []
    for width in map(int, plan.widths):
        by_width.append(_of_width(C, points.anchor, plan, width))
        progress.advance()
    columns = {name: np.stack([part[name] for part in by_width]) for name in by_width[0]}
    Solution(**columns).save(job.output("solution"))


def _of_width(C: Array, X: Array, plan: Design, size: int) -> Arrays:
    """Of the nets of one width: times (S,); the drift at the two moments, 0 where the net is no more."""
    width = float(size)
    start = gram_state(plan.first_factor[size], plan.second_factor[size], width)
    curve = gram_curve(C, start, width=width, points=X)
    law = departure_law(C, start.cross, width=width, points=X, level=DEPARTURE)
    moments = np.array([FIXED_TIME, max(np.log(width) / 2 - BEFORE_LOGARITHM, 0)]) / law.rate
    alive = moments < curve.times[:, -1:]
    drift = interpolated(curve.times, curve.drift, np.where(alive, moments, 0))
    return {
        "rate": np.array(law.rate),
        "other_modes": other_modes(C, plan.first_factor[size], plan.second_factor[size], width).max(),
        "departure": first_passage(curve.times, curve.drift, DEPARTURE),
        "blow_up": curve.blow_up,
        "law": law.departure,
        "law_second_order": law.departure_second_order,
        "law_remaining": np.array(law.remaining),
        "drift": np.where(alive, drift, 0),
        "alive": alive,
        "moments": moments,
    }
