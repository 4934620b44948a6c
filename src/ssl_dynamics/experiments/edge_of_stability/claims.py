"""Beyond the edge of stability: the orbit of period 2, its angle, its period, and that it attracts."""

from functools import partial

from ssl_dynamics.claims.common import NEAR_RATE
from ssl_dynamics.claims.measures.budgets import within_budget
from ssl_dynamics.claims.measures.rates import nearer_rate, proportional
from ssl_dynamics.claims.measures.trajectories import largest_error, smallest, smallest_over, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure
from ssl_dynamics.experiments.edge_of_stability.config import BESIDE_STEPS, DISPLACEMENT, WITHIN
from ssl_dynamics.problem.levels import RATE_ERROR

BUDGET = "edge_of_stability.most_steps"
WRONG_STEP = f"the orbit of a step size wrong by {RATE_ERROR:.0%}, of both signs the nearer"
TOLD = "largest relative error of η(λ_d − λ_1), and of the same for further pairs of eigenvalues, as told by the angles"


def _angles(column: str, retractions: list[str]) -> Measure:
    """Largest error of what the angles of these retractions say, at the step sizes beyond the edge."""
    return where(within_budget(largest_error(column), BUDGET), beyond=True, retraction=retractions)


PROJECTED, GEODESIC = (partial(_angles, retractions=which) for which in (["qr", "polar"], ["geodesic"]))

CLAIMS = [
    Claim(
        id="beyond-edge-orbit",
        source="beyond",
        statement="With QR or polar retraction, steps somewhat larger than the largest stable one end, from random "
        "starts, in an orbit of period 2, to and fro over the leading eigenspace; the cosine of the turn is the "
        "inverse of the step size in units of the largest stable one.",
        formula=r"1<\eta(\lambda_d-\lambda_1)\le3\;\Rightarrow\;\theta\leftrightarrow-\theta,\quad"
        r"\cos2\theta=\frac1{\eta(\lambda_d-\lambda_1)}",
        quantity=f"{TOLD} to the leading eigenspace at the last two steps, QR and polar retraction, all step sizes",
        experiment="edge_of_stability",
        table="edge_orbit",
        measure=PROJECTED("error"),
        statistic="largest",
        # Training ends where the steps of the theory leave WITHIN; the control is 10 times as far from the truth.
        criterion=Criterion("<=", 2 * WITHIN),
        control=Control(WRONG_STEP, nearer_rate(PROJECTED, "error")),
        figure="edge-of-stability",
        wrong=proportional(PROJECTED, "error"),
    ),
    Claim(
        id="beyond-edge-exponential",
        source="beyond",
        statement="With the exponential map, and steps below π/2 times the largest stable one, the orbit is another "
        "one, in which the turn follows from its sine.",
        formula=r"1<\eta(\lambda_d-\lambda_1)<\frac\pi2\;\Rightarrow\;\theta\leftrightarrow-\theta,\quad"
        r"\frac{\sin2\theta}{2\theta}=\frac1{\eta(\lambda_d-\lambda_1)}",
        quantity=f"{TOLD} to the leading eigenspace at the last two steps, exponential map, all step sizes",
        experiment="edge_of_stability",
        table="edge_orbit",
        measure=GEODESIC("error"),
        statistic="largest",
        criterion=Criterion("<=", 2 * WITHIN),
        # At 1.01 of the limit the two orbits are nearest, and apart by 0.02.
        control=Control(
            "the formula of the other retractions, at the step size at which it comes nearest",
            where(smallest_over("step", largest_error("error_other")), beyond=True, retraction="geodesic"),
        ),
        figure="edge-of-stability",
        wrong=proportional(GEODESIC, "error"),
    ),
    Claim(
        id="beyond-edge-period",
        source="beyond",
        statement="The period of that orbit is 2: every second step leads back to the same span, and the steps between "
        "to another one.",
        formula=r"\operatorname{span}W_{k+2}=\operatorname{span}W_k\ne\operatorname{span}W_{k+1}",
        quantity="largest distance of the last span from that of two steps before, in its distance from that of a step "
        "before, all retractions and step sizes",
        experiment="edge_of_stability",
        table="edge_period",
        measure=within_budget(largest_error("error"), BUDGET),
        statistic="largest",
        # Angles that tell ηΔ to WITHIN leave WITHIN·ηΔ/((ηΔ)² − 1) of a step within the plane, 0.05 at ηΔ = 1.01. Over
        # LASTING steps they leave 0.011 across it, orthogonal to that: a share of WITHIN to 4·WITHIN, which fades
        # (docs/theory.md §11).
        criterion=Criterion("<=", 2 * WITHIN**0.5),
        control=Control(
            "the span of two steps before at the next step size, or the one before, where it is nearest",
            within_budget(smallest("error_next"), BUDGET),
        ),
        figure="edge-of-stability",
    ),
    Claim(
        id="beyond-edge-attracts",
        source="beyond",
        statement="The orbit attracts, however many eigenvalues exceed the edge: in one dimension a step multiplies "
        "what lies along an eigenvector by a factor in which neither step size nor retraction occurs.",
        formula=r"z=1:\quad w_{k+1}=\Bigl(I-2\,\frac{C-\lambda_1I}{\lambda_d-\lambda_1}\Bigr)w_k,\qquad"
        r"\Bigl|1-2\,\frac{\lambda_j-\lambda_1}{\lambda_d-\lambda_1}\Bigr|<1\;"
        r"\text{ for }\;\lambda_1<\lambda_j<\lambda_d",
        quantity=f"largest deviation from the predicted span after {BESIDE_STEPS} steps from random starts beside the "
        "orbit, in their first distance from it, all retractions and step sizes",
        experiment="edge_of_stability",
        table="edge_attraction",
        measure=largest_error("error"),
        statistic="largest",
        # What is of second order in the distance from the orbit, of DISPLACEMENT, is a thousand times smaller.
        criterion=Criterion("<=", 1e3 * DISPLACEMENT),
        control=Control(NEAR_RATE, nearer_rate(largest_error, "error")),
        figure="edge-of-stability",
        wrong=proportional(largest_error, "error"),
    ),
]
