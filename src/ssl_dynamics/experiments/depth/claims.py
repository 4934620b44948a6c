"""Beyond the paper: three-layer ReLU nets, unconstrained and with a constrained last layer."""

from ssl_dynamics.claims.measures.trajectories import at_the_end, exponent_in_width, smallest, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.depth.config import UNIT, WIDTH
from ssl_dynamics.problem.levels import DEPARTURE

CLAIMS = [
    Claim(
        id="beyond-depth-supervised",
        source="beyond",
        statement="Three-layer nets that fit a target stay the nearer to their tangent kernel the wider they are.",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\propto h^{-\alpha},\quad\alpha>0\quad"
        r"\text{at}\quad L(t)-L_{\min}=0.01\,(L(0)-L_{\min})",
        quantity="fitted exponent in h of the drift of the tangent kernel at 1 % excess loss",
        experiment="depth",
        table="depth_widths",
        measure=exponent_in_width("drift_supervised"),
        statistic="mean",
        criterion=Criterion("<=", -0.4),
        control=Control("dot-product loss, at the end of training", exponent_in_width("drift")),
        figure="depth-widths",
    ),
    Claim(
        id="beyond-depth-departure",
        source="beyond",
        statement="Three-layer nets of every width leave their tangent kernel on the contrastive dot product within a "
        "time of the order ln h/(2μ).",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\ge0.5\quad\text{for a}\quad "
        r"t\le3\,\frac{\ln h}{2\mu_h}",
        quantity="smallest, over the widths, of the drift that the tangent kernel reaches by 3 ln h/(2μ_h), μ_h the "
        "growth rate of the net's own kernel at the start",
        experiment="depth",
        table="depth_widths",
        measure=smallest("drift_in_time"),
        statistic="smallest",
        criterion=Criterion(">=", DEPARTURE),
        control=Control("the same nets that fit a target, to 1 % excess loss", smallest("drift_supervised_largest")),
        figure="depth-drift",
    ),
    Claim(
        id="beyond-depth-feature-drift",
        source="beyond",
        statement="With W_3ᵀW_3 = I and the layers below at rate 1, features of three-layer nets freeze as h grows.",
        formula=r"\frac{\|K(t)-K(0)\|_F}{\|K(0)\|_F}\propto h^{-\alpha},\quad\alpha>0,\quad "
        r"K=\Psi\Psi^\top,\quad W_3^\top W_3=I",
        quantity="fitted exponent in h of ‖K − K(0)‖_F/‖K(0)‖_F at the end, K the Gram matrix of the features",
        experiment="depth",
        table="depth_constrained",
        measure=where(at_the_end(exponent_in_width("feature_drift")), rate=UNIT),
        statistic="mean",
        criterion=Criterion("<=", -0.4),
        control=Control(
            "rate κ = h, that of the tangent-kernel parameterisation",
            where(at_the_end(exponent_in_width("feature_drift")), rate=WIDTH),
        ),
        figure="depth-constrained",
    ),
]
