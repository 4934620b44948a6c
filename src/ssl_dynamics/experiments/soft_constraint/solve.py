"""The closed forms with a penalty, without and with the constraint, from C and W(0) alone."""

import numpy as np

from ssl_dynamics.analysis import log_excess_rank
from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint.config import CURVE_POINTS, CURVE_TIMES, CURVES
from ssl_dynamics.experiments.soft_constraint.design import Array, Design, Solution
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.settings import Settings
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import grassmann_flow, log_singular_values, soft_constraint_flow


def solve(job: Job[Settings]) -> None:
    """Stage `solve_soft_constraint`."""
    C, plan = read_form(job.input("quadratic_form")), Design.load(job.input("schedule"))
    start, strengths, times = plan.start, plan.strengths, plan.schedule.times
    # Singular values of representations XW are those of RW: all that is seen of the triplets.
    R = np.asarray(np.linalg.qr(read_triplets(job.input("triplets")).anchor, mode="r"), np.float64)

    def excess(factors: Array) -> Array:
        return log_excess_rank(np.log(np.linalg.svd(R @ factors, compute_uv=False)))

    flow = soft_constraint_flow(C, start, times, beta=strengths)
    curve_times = np.geomspace(*CURVE_TIMES, CURVE_POINTS) / plan.norm
    Solution(
        flow=flow,
        flow_wrong={
            name: soft_constraint_flow(C, start, rate * times, beta=strengths)
            for name, rate in (NEAR_RATES | FAR_RATES).items()
        },
        span=grassmann_flow(C, start, times),
        span_wrong={name: grassmann_flow(C, start, rate * times) for name, rate in NEAR_RATES.items()},
        excess=excess(flow),
        excess_wrong={
            name: excess(soft_constraint_flow(C, start, times, beta=factor * strengths))
            for name, factor in FAR_RATES.items()
        },
        curve_times=curve_times,
        curves=excess(soft_constraint_flow(C, start, curve_times, beta=plan.norm * np.array(CURVES))),
        ends=np.stack(
            [
                log_excess_rank(log_singular_values(C, start, curve_times, through=R)),
                excess(grassmann_flow(C, start, curve_times)),
            ]
        ),
    ).save(job.output("solution"))
