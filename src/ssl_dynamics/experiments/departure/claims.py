"""A4 on two-layer linear nets: when unconstrained self-supervised training leaves the tangent kernel."""

from ssl_dynamics.claims.common import MIDDLE_RATE
from ssl_dynamics.claims.measures.rates import at_error, divided, multiplied, nearer_error
from ssl_dynamics.claims.measures.trajectories import (
    difference,
    exponent_in_width,
    largest_error,
    order,
    relative_error,
    where,
    widest,
)
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.departure.config import SECOND_MODE, WIDE
from ssl_dynamics.experiments.departure.measures import (
    asymptotic,
    at_rate,
    departure_error,
    from_width,
    order_if_wrong,
    slope_in_log_width,
)
from ssl_dynamics.problem.levels import MIDDLE_RATE_ERROR, RATE_ERROR

# 2μ, in units of μ, times the slope of the departure in ln h.
SLOPE = where(asymptotic(slope_in_log_width("departure", factor=2)), model="equations")
AT_FIXED_TIME = where(from_width(WIDE, exponent_in_width("drift")), moment="fixed")

# Distances from a law whose rate is wrong by a relative error, at the largest width: of the departure, of the blow-up.
TIME = where(asymptotic(widest(at_rate("law", difference("departure", "law")))), model="equations")
TWICE = largest_error("error", extrapolations=2)
GRAM_RATE = f"the Gram equations at a rate wrong by {RATE_ERROR:.0%}, of both signs the nearer"
REMAINING = asymptotic(widest(at_rate("law_remaining", relative_error("remaining", "law_remaining"))))

CLAIMS = [
    Claim(
        id="A4-departure-law",
        source="A4",
        bears_on=("F2",),
        statement="Trained on a dot-product loss, a linear net of any width h leaves its tangent kernel, at "
        "t = ln h/(2μ) + const., μ = 4|λ_1|/d.",
        formula=r"t_{0.5}=\frac{\ln h}{2\mu}+\text{const.},\quad\mu=\frac{4\left|\lambda_1\right|}{d}",
        quantity="slope in ln h, times 2μ, of the time at which the drift reaches 0.5; Gram equations, h so large that "
        f"the squares of the other modes sum to at most {SECOND_MODE} of the leading one's",
        experiment="departure",
        table="departure",
        measure=SLOPE,
        statistic="mean",
        criterion=Criterion("within", (0.98, 1.02)),
        control=Control(MIDDLE_RATE, nearer_error(multiplied(SLOPE), MIDDLE_RATE_ERROR, centre=1)),
        figure="departure",
        evidence="equations",
        wrong=multiplied(SLOPE),
    ),
    Claim(
        id="A4-fixed-time",
        source="A4",
        statement="At a fixed time the drift of the tangent kernel falls like 1/h, as in supervised training: the "
        "kernel is valid for a time ln h/(2μ) and no longer.",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\propto\frac1h\quad\text{at}\quad t=\frac2\mu",
        quantity="exponent in h of the drift at t = 2/μ, Gram equations, h from 2^18",
        experiment="departure",
        table="fixed_time",
        measure=AT_FIXED_TIME,
        statistic="mean",
        criterion=Criterion("within", (-1.02, -0.98)),
        control=Control(
            "the drift at t = (ln h/2 − 1)/μ",
            where(from_width(WIDE, exponent_in_width("drift")), moment="logarithmic"),
        ),
        figure="fixed-time",
        evidence="equations",
        wrong=divided(AT_FIXED_TIME),
    ),
    Claim(
        id="beyond-departure-time",
        source="beyond",
        statement="The time of departure of a wide linear net is [ln(2√h/a) − arcoth(1 + ε/D)]/μ, from its amplitude a "
        "along the leading eigenvector of C at the start.",
        formula=r"t_\varepsilon=\frac1\mu\left[\ln\frac{2\sqrt h}{a}"
        r"-\operatorname{arcoth}\left(1+\frac\varepsilon D\right)\right],\quad "
        r"D^2=\frac{z(v^\top\Gamma v)^2+2v^\top\Gamma^2v+\|\Gamma\|_F^2}{4z\|\Gamma\|_F^2}",
        quantity="|difference| to the Gram equations at the largest width, in units of 1/μ",
        experiment="departure",
        table="departure",
        measure=at_error(TIME),
        statistic="largest",
        criterion=Criterion("<=", 0.02),
        control=Control(
            "to second order in the amplitude, without saturation",
            where(asymptotic(widest(difference("departure", "law_second_order"))), model="equations"),
        ),
        figure="departure",
        evidence="equations",
        wrong=TIME,
    ),
    Claim(
        id="beyond-blow-up",
        source="beyond",
        statement="After the departure a wide linear net blows up in a finite time, arcoth(1 + ε/D)/μ, whatever its "
        "width and its start.",
        formula=r"t_b-t_\varepsilon=\frac1\mu\operatorname{arcoth}\left(1+\frac\varepsilon D\right)",
        quantity="relative |difference| to the Gram equations at the largest width",
        experiment="departure",
        table="blow_up",
        measure=at_error(REMAINING),
        statistic="largest",
        criterion=Criterion("<=", 0.02),
        control=Control(MIDDLE_RATE, nearer_error(REMAINING, MIDDLE_RATE_ERROR)),
        figure="blow-up",
        evidence="equations",
        wrong=REMAINING,
    ),
    Claim(
        id="A4-gram-order",
        source="A4",
        statement="Linear nets trained by gradient descent follow the Gram equations as η → 0.",
        formula=r"\dot S_{11}=-\frac{GS_{12}^\top+S_{12}G^\top}{h},\quad\dot S_{12}=-(GS_{22}+S_{11}G),\quad"
        r"\dot S_{22}=-\frac{G^\top S_{12}+S_{12}^\top G}{h},\quad G=\frac2dCS_{12}",
        quantity="leading order in η of the difference in time of departure, at the trained width where it is largest",
        experiment="departure",
        table="gram_nets",
        measure=order("error", at="width"),
        statistic="mean",
        criterion=Criterion("within", (0.9, 1.1)),
        # A step η grows as a rate does that is slower by μη/2: by 1 % at η = 0.02/μ.
        control=Control(GRAM_RATE, nearer_error(departure_error(order("error", at="width")), RATE_ERROR, centre=1)),
        figure="gram-nets",
        wrong=order_if_wrong,
    ),
    Claim(
        id="A4-gram-nets",
        source="A4",
        statement="Linear nets trained by gradient descent leave their tangent kernel when the Gram equations say.",
        formula=r"\max_h\mu\left|\frac{8t_\eta-6t_{2\eta}+t_{4\eta}}{3}-t_{0.5}\right|\to0,\quad "
        r"t_\eta=t_{0.5}+c\,\eta+O(\eta^2)",
        quantity="largest difference in time of departure over the trained widths, in units of 1/μ, step size "
        "extrapolated twice",
        experiment="departure",
        table="gram_nets",
        measure=TWICE,
        statistic="largest",
        criterion=Criterion("<=", 1e-3),
        # Nets depart at 2/μ and later: 1 % of it is 20 times the criterion.
        control=Control(GRAM_RATE, nearer_error(departure_error(TWICE), RATE_ERROR)),
        figure="gram-nets",
        wrong=departure_error(TWICE),
    ),
]
