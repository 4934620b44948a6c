"""Words that several claims share, and those of their verdicts."""

from ssl_dynamics.problem.levels import COARSE_RATE_ERROR, MIDDLE_RATE_ERROR, RATE_ERROR

WORST_FIRST = ("fail", "open", "pass")  # verdicts
QUARTER_RATE = "the same solution at a quarter of the rate, where it predicts other accuracies"
NEAR_RATE = f"the same solution at a rate wrong by {RATE_ERROR:.0%}, of both signs the nearer"
FAR_RATE = f"the same solution at a rate wrong by {COARSE_RATE_ERROR:.0%}, of both signs the nearer"


def wrong_theory(error: float, *, of: str = "rate") -> str:
    """What a control is that takes the claim's own numbers by a theory that is wrong by a relative error."""
    return (
        f"the same measurements by a theory whose {of} is wrong by {error:.0%}, of both signs the nearer; what is "
        "changed is the theory, not the data"
    )


MIDDLE_RATE = wrong_theory(MIDDLE_RATE_ERROR)
