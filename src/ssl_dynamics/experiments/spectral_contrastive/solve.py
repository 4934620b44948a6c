"""The closed form with a penalty at the constants of the spectral contrastive loss, from Γ and W(0) alone."""

import numpy as np

from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.spectral_contrastive.design import Design, Solution
from ssl_dynamics.problem.levels import FAR_RATES, NEAR_RATES
from ssl_dynamics.settings import Settings
from ssl_dynamics.theory import spectral_contrastive_flow


def solve(job: Job[Settings]) -> None:
    """Stage `solve_spectral_contrastive`."""
    plan = Design.load(job.input("schedule"))
    moment, start, times = plan.cross_moment, plan.start, plan.schedule.times
    correlations = np.linalg.eigvalsh(moment)[::-1][: start.shape[-1]]
    Solution(
        flow=spectral_contrastive_flow(moment, start, times),
        flow_wrong={
            name: spectral_contrastive_flow(moment, start, rate * times)
            for name, rate in (NEAR_RATES | FAR_RATES).items()
        },
        limit=np.sqrt(np.maximum(correlations, 0)),
    ).save(job.output("solution"))
