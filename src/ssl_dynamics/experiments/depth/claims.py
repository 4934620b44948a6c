"""Beyond the paper: three-layer ReLU nets, unconstrained and with a constrained last layer."""

import pandas as pd

from ssl_dynamics.claims.measures.rates import divided
from ssl_dynamics.claims.measures.trajectories import largest_error, last, smallest, where, widest
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure
from ssl_dynamics.experiments.depth.config import UNIT, WIDTH
from ssl_dynamics.problem.levels import DEPARTURE

# The errors of the fit shrink by e^{−ln 10}, and a kernel that has changed by Δ changes that exponent by a share of the
# order of Δ: ln(10)Δ at most, of a Δ near 0.1 at the width 128 (docs/theory.md §4).
SUPERVISED_BAND = 0.25


def ratio(numerator: str, denominator: str) -> Measure:
    """Ratio of two columns, of nets that have one row each."""

    def measure(rows: pd.DataFrame) -> "pd.Series[float]":
        nets = rows.set_index("seed")
        return nets[numerator] / nets[denominator]

    return measure


SUPERVISED = widest(ratio("drift_supervised", "drift_predicted"))

CLAIMS = [
    Claim(
        id="follow-up-depth-supervised",
        source="follow-up",
        bears_on=("F4",),
        statement="The tangent kernel of wide three-layer nets that fit a target moves by what the kernel of the start "
        "predicts, which falls with the width.",
        formula=r"\|\Theta_h(t)-\Theta_h(0)\|_F=\|\Theta(W_K)-\Theta(W_0)\|_F\,(1+o(1)),\quad "
        r"W_{k+1}=W_k-\eta\left(\tfrac{\partial U}{\partial W}(W_k)\right)^\top\tfrac{\tilde U_k-Y}{n}"
        r"\quad\text{at}\quad L(t)-L_{\min}=0.01\,(L(0)-L_{\min})",
        quantity="drift of the tangent kernel at 1 % excess loss, over that of weights which the errors on the kernel "
        "of the start pull; widest nets",
        experiment="depth",
        table="depth_widths",
        measure=SUPERVISED,
        statistic="mean",
        criterion=Criterion("within", (1 - SUPERVISED_BAND, 1 + SUPERVISED_BAND)),
        control=Control(
            "dot-product loss, at the end of training, over that prediction",
            widest(ratio("drift", "drift_predicted")),
        ),
        figure="depth-widths",
        wrong=divided(SUPERVISED),
    ),
    Claim(
        id="follow-up-depth-departure",
        source="follow-up",
        bears_on=("F4",),
        statement="Three-layer nets of every width leave their tangent kernel on the contrastive dot product within a "
        "time of the order ln h/(2μ).",
        formula=r"t_{0.5}\le3\,\frac{\ln h}{2\mu_h},\quad "
        r"\frac{\|\Theta_h(t_{0.5})-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}=0.5",
        quantity="least 3 ln h/(2μ_h) over the time at which the drift of the tangent kernel comes to 0.5, over the "
        "widths, μ_h the growth rate of the net's own kernel at the start; 0 where it never does",
        experiment="depth",
        table="depth_widths",
        measure=smallest("in_time"),
        statistic="smallest",
        criterion=Criterion(">=", 1.0),
        control=Control(
            # Narrow and deep nets may depart in regression as well (docs/theory.md §4).
            "the widest of these nets that fit a target; below 1 a net departs later, and 0 says that it never does",
            widest(largest_error("in_time_supervised")),
        ),
        figure="depth-drift",
    ),
    Claim(
        id="follow-up-depth-feature-drift",
        source="follow-up",
        bears_on=("F4",),
        statement="With W_3ᵀW_3 = I and the layers below at rate 1, features of wide three-layer nets stay near their "
        "start.",
        formula=r"\frac{\|K(t)-K(0)\|_F}{\|K(0)\|_F}\le0.5,\quad K=\Psi\Psi^\top,\quad W_3^\top W_3=I",
        quantity="‖K − K(0)‖_F/‖K(0)‖_F at the end, K the Gram matrix of the features, widest nets",
        experiment="depth",
        table="depth_constrained",
        measure=where(widest(last("feature_drift")), rate=UNIT),
        statistic="largest",
        criterion=Criterion("<=", DEPARTURE),
        control=Control(
            "rate κ = h, that of the tangent-kernel parameterisation, the widest of these nets",
            where(widest(last("feature_drift")), rate=WIDTH),
        ),
        figure="depth-constrained",
    ),
]
