"""Words that several claims share, and those of their verdicts."""

from ssl_dynamics.problem.levels import COARSE_RATE_ERROR, RATE_ERROR

WORST_FIRST = ("fail", "open", "pass")  # verdicts
HALF_RATE = "the same solution at rate 1 instead of 2"
NEAR_RATE = f"the same solution at a rate wrong by {RATE_ERROR:.0%}, of both signs the nearer"
FAR_RATE = f"the same solution at a rate wrong by {COARSE_RATE_ERROR:.0%}, of both signs the nearer"
