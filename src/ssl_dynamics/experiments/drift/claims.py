"""A4 on trained nets of large width: what keeps its tangent kernel, and what leaves it."""

from collections.abc import Callable

from ssl_dynamics.claims.measures.trajectories import highest_over, largest_error, smallest, smallest_over, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure
from ssl_dynamics.experiments.drift.measures import delay_ratio, departure_slope, drift_exponent, share
from ssl_dynamics.problem.levels import DEPARTURE

SETTING = "both layers at unit rate, weights N(0, 1)"
SEEDS = "the widest nets with fewer seeds, each seed over its own widths"
NOT_LINEAR = ["relu", "erf"]

# Weighted by h, a correction k/√h of a logarithm between 2^8 and 2^12 bends the slope by 2k · 0.02: k up to 4 is
# allowed for, and as much for the noise of a few starts.
DEPARTURE_BAND = 0.2
# Steps of 0.3/(growth rate), of order 4, err by 0.3^4/120 in a unit of time; departures are read off rows so far apart
# by a cubic, and T off the growth rate where s = coth has grown to 50 or more: parts in a thousand, together.
DELAY_BAND = 0.01


def departure(activation: str) -> Callable[[float], Measure]:
    """The slope of the departure by a theory whose rate 2μ is wrong by a relative error."""
    return lambda error: where(departure_slope(2 * (1 + error)), objective="dot-product", activation=activation)


def delay(error: float) -> Measure:
    """The ratio of the delays by a theory whose rate is wrong by a relative error."""
    return where(delay_ratio(1 + error), objective="dot-product", activation="identity")


CLAIMS = [
    Claim(
        id="A4-supervised-exponent",
        source="A4",
        statement="The tangent kernel of supervised nets drifts less and less as their width grows.",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\propto h^{-\alpha},\quad\alpha>0\quad"
        r"\text{at}\quad L(t)-L_{\min}=0.01\,(L(0)-L_{\min})",
        quantity="exponent in h of the kernel drift on the anchors when the excess squared error is 1 % of its start, "
        f"that of identity, ReLU and erf of the largest mean; {SETTING}; {SEEDS}",
        experiment="drift",
        table="departures",
        measure=where(highest_over("activation", drift_exponent("drift")), objective="supervised"),
        statistic="mean",
        criterion=Criterion("<=", -0.4),
        control=Control(
            "the same nets on the dot-product loss when their outputs, by the kernel of the start, have moved by √h/4",
            where(smallest_over("activation", drift_exponent("drift_grown")), objective="dot-product"),
        ),
        figure="kernel-drift",
    ),
    Claim(
        id="A4-supervised-drift",
        source="A4",
        statement="Supervised nets converge before their tangent kernel departs.",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\le0.5\quad\text{until}\quad "
        r"L(t)-L_{\min}=0.01\,(L(0)-L_{\min})",
        quantity="largest kernel drift on the anchors until the excess squared error is 1 % of its start, over widths, "
        f"identity, ReLU and erf; {SETTING}",
        experiment="drift",
        table="departures",
        measure=where(largest_error("largest_drift"), objective="supervised"),
        statistic="largest",
        criterion=Criterion("<=", DEPARTURE),
        control=Control(
            "the same nets on the dot-product loss, the least of them over the widths",
            where(smallest("largest_drift"), objective="dot-product"),
        ),
        figure="kernel-drift",
    ),
    Claim(
        id="A4-every-run-departs",
        source="A4",
        statement="On the dot-product loss, nets of every width leave their tangent kernel within a time of the order "
        "ln h/(2μ).",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\ge0.5\quad\text{for a}\quad "
        r"t\le3\,\frac{\ln h}{2\mu_h}",
        quantity="least kernel drift on the anchors that a run reaches by 3 ln h/(2μ_h), μ_h the growth rate of the "
        f"net's own kernel at the start, over widths, ReLU and erf; {SETTING}",
        experiment="drift",
        table="departures",
        measure=where(smallest("drift_in_time"), objective="dot-product", activation=NOT_LINEAR),
        statistic="smallest",
        criterion=Criterion(">=", DEPARTURE),
        control=Control(
            "the same nets on regression targets, the most that any drifts by then",
            where(largest_error("drift_in_time"), objective="supervised", activation=NOT_LINEAR),
        ),
        figure="kernel-drift",
    ),
    *(
        Claim(
            id=name,
            source="A4",
            statement=f"Trained nets ({net}) leave their tangent kernel when their outputs, as the kernel of their "
            "start predicts them, have grown to the order √h: at t = ln h/(2μ) + c.",
            formula=r"\|U_0(t_{0.5})-U(0)\|_F=c\sqrt h,\quad\dot U_0=-2\Theta_h(0)(A\otimes I_z)U_0",
            quantity="slope in ln h (weights h) of 2 ln ‖U_0(t_0.5) − U(0)‖_F, all modes of the net's own kernel and "
            f"start, at the time at which the trained net departs; {SETTING}; {SEEDS}",
            experiment="drift",
            table="departures",
            measure=departure(activation)(0),
            statistic="mean",
            criterion=Criterion("within", (1 - DEPARTURE_BAND, 1 + DEPARTURE_BAND)),
            control=Control(
                "rate μ in place of 2μ", where(departure_slope(1), objective="dot-product", activation=activation)
            ),
            figure="departure-times",
            wrong=departure(activation),
        )
        for name, activation, net in (
            ("A4-departure-time-relu", "relu", "ReLU"),
            ("A4-departure-time-erf", "erf", "erf"),
        )
    ),
    Claim(
        id="follow-up-cosine-exponent",
        source="follow-up",
        statement="With cosine similarity the tangent kernel drifts less and less as the width grows.",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\propto h^{-\alpha},\quad\alpha>0\quad"
        r"\text{at the plateau of the loss of}\quad\frac{u}{\left|u\right|}",
        quantity="exponent in h of the kernel drift on the anchors at the plateau of the loss (the second half of the "
        f"time changes it by less than 2 % of its decrease), largest of identity, ReLU, erf; {SETTING}; {SEEDS}",
        experiment="drift",
        table="departures",
        measure=where(highest_over("activation", drift_exponent("drift")), objective="cosine"),
        statistic="mean",
        criterion=Criterion("<=", -0.4),
        control=Control(
            "the same nets on the dot-product loss when their outputs, by the kernel of the start, have moved by √h/4",
            where(smallest_over("activation", drift_exponent("drift_grown")), objective="dot-product"),
        ),
        figure="kernel-drift",
    ),
    Claim(
        id="beyond-nets-blow-up",
        source="beyond",
        statement="After their departure, linear and ReLU nets blow up in finite time; erf nets go on growing.",
        formula=r"\frac{\mathrm d}{\mathrm dt}\ln\|U(t)\|_F\to\frac{1}{T-t}\;\;(\text{identity, ReLU}),\quad"
        r"\left|L(t)\right|\le2\|W_2(0)\|_F^2\,e^{8t}\;\;(\text{erf})",
        quantity="share of the runs whose output layer's block drifts by 50 within three growth times of departure, "
        "before the whole kernel drifts by 200, "
        f"least of identity and ReLU; {SETTING}",
        experiment="drift",
        table="departures",
        measure=where(
            smallest_over("activation", share("blows_up")), objective="dot-product", activation=["identity", "relu"]
        ),
        statistic="smallest",
        criterion=Criterion(">=", 1),
        control=Control("erf nets", where(share("blows_up"), objective="dot-product", activation="erf")),
        figure="after-departure",
    ),
    Claim(
        id="beyond-blow-up-delay",
        source="beyond",
        statement="Linear nets of every width blow up when the Gram equations of their own start say: after their "
        "departure as late as that, and arcoth(1 + ε/D)/μ at h = ∞.",
        formula=r"T-t_{0.5}\quad\text{of}\quad\dot S_{11}=-\frac{GS_{12}^\top+S_{12}G^\top}{h},\quad "
        r"\dot S_{12}=-(GS_{22}+S_{11}G),\quad\dot S_{22}=-\frac{G^\top S_{12}+S_{12}^\top G}{h}",
        quantity="(T − t_0.5)/(the same of the Gram equations from the net's own start), mean over the widths, "
        "identity",
        experiment="drift",
        table="departures",
        measure=delay(0),
        statistic="mean",
        criterion=Criterion("within", (1 - DELAY_BAND, 1 + DELAY_BAND)),
        control=Control("rate 1.05 μ", delay(0.05)),
        figure="after-departure",
        wrong=delay,
    ),
]
