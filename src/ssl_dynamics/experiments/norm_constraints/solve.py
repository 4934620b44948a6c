"""The closed forms of steps under each of the constraints, from C and W(0), and the anchors' R."""

import numpy as np

from ssl_dynamics.analysis import log_excess_rank
from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.norm_constraints.config import COLUMNS, FROBENIUS, ORTHOGONAL, SPECTRAL
from ssl_dynamics.experiments.norm_constraints.design import Array, Design, Solution
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.settings import Settings
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import (
    descent_log_singular_values,
    orthogonal_iteration,
    spectral_norm_bound,
    unit_column_descent_log_singular_values,
)


def solve(job: Job[Settings]) -> None:
    """Stage `solve_norm_constraints`."""
    C, plan = read_form(job.input("quadratic_form")), Design.load(job.input("schedule"))
    # Singular values of representations XW are those of RW: all that is seen of the triplets.
    R = np.asarray(np.linalg.qr(read_triplets(job.input("triplets")).anchor, mode="r"), np.float64)
    bound = spectral_norm_bound(C, plan.start, plan.learning_rate, plan.steps)

    def predicted(rate: float) -> tuple[dict[str, Array], Array]:
        """Ln(effective rank − 1) under each constraint, and the span, at a step size wrong by a factor."""
        of = C, plan.start, rate * plan.learning_rate, plan.steps
        span = orthogonal_iteration(*of)
        kept = log_excess_rank(np.log(np.linalg.svd(R @ span, compute_uv=False)))
        return {
            FROBENIUS: log_excess_rank(descent_log_singular_values(*of, through=R)),
            COLUMNS: log_excess_rank(unit_column_descent_log_singular_values(*of, through=R)),
            SPECTRAL: np.where(bound == 0, kept, np.nan),
            ORTHOGONAL: kept,
        }, span

    excess, span = predicted(1.0)
    wrong = {name: predicted(rate) for name, rate in NEAR_RATES.items()}
    Solution(
        excess=excess,
        excess_wrong={
            (constraint, name): values for name, (excess, _) in wrong.items() for constraint, values in excess.items()
        },
        span=span,
        span_wrong={name: span for name, (_, span) in wrong.items()},
        bound=bound,
    ).save(job.output("solution"))
