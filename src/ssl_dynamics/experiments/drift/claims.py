"""A4 on trained nets of large width: what keeps its tangent kernel, and what leaves it."""

from ssl_dynamics.claims.measures.trajectories import largest_error, largest_over, smallest, smallest_over, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.drift.measures import delay_error, departure_slope, drift_exponent, share
from ssl_dynamics.problem.levels import DEPARTURE

SETTING = "both layers at unit rate, weights N(0, 1)"
SEEDS = "the widest nets with fewer seeds, each seed over its own widths"
NOT_LINEAR = ["relu", "erf"]

CLAIMS = [
    Claim(
        id="A4-supervised-exponent",
        source="A4",
        statement="The tangent kernel of supervised nets drifts less and less as their width grows.",
        formula=r"\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\propto h^{-\alpha},\quad\alpha>0\quad"
        r"\text{at}\quad L(t)-L_{\min}=0.01\,(L(0)-L_{\min})",
        quantity="exponent in h of the kernel drift on the anchors when the excess squared error is 1 % of its start, "
        f"largest of identity, ReLU and erf; {SETTING}; {SEEDS}",
        experiment="drift",
        table="departures",
        measure=where(largest_over("activation", drift_exponent("drift")), objective="supervised"),
        statistic="mean",
        criterion=Criterion("<=", -0.4),
        control=Control(
            "the same nets on the dot-product loss, drift counted up to 0.5: it crosses that at every width",
            where(smallest_over("activation", drift_exponent("drift")), objective="dot-product"),
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
        statement="On the dot-product loss, nets of every width leave their tangent kernel.",
        formula=r"\max_t\frac{\|\Theta_h(t)-\Theta_h(0)\|_F}{\|\Theta_h(0)\|_F}\ge0.5\quad\text{for all}\;h",
        quantity=f"share of the runs whose kernel drift on the anchors crosses 0.5, ReLU and erf; {SETTING}",
        experiment="drift",
        table="departures",
        measure=where(share("departed"), objective="dot-product", activation=NOT_LINEAR),
        statistic="smallest",
        criterion=Criterion(">=", 1),
        control=Control(
            "supervised nets and cosine similarity, over their whole training",
            where(largest_over("objective", share("departed")), objective=["supervised", "cosine"]),
        ),
        figure="kernel-drift",
    ),
    *(
        Claim(
            id=name,
            source="A4",
            statement=f"Trained nets ({net}) leave their tangent kernel at t = ln h/(2μ) + c.",
            formula=r"\mu_ht_{0.5}+\ln a_h=\frac12\ln h+c",
            quantity="slope in ln h (weights h) of 2(μ_h t_0.5 + ln a_h), μ_h and a_h growth rate and amplitude of the "
            f"leading modes of the net's own kernel and start; {SETTING}; {SEEDS}",
            experiment="drift",
            table="departures",
            measure=where(departure_slope(2), objective="dot-product", activation=activation),
            statistic="mean",
            criterion=Criterion("within", (0.9, 1.25)),
            control=Control(
                "rate μ in place of 2μ", where(departure_slope(1), objective="dot-product", activation=activation)
            ),
            figure="departure-times",
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
        measure=where(largest_over("activation", drift_exponent("drift")), objective="cosine"),
        statistic="mean",
        criterion=Criterion("<=", -0.4),
        control=Control(
            "the dot-product loss from the same starts at the same time, drift counted up to 0.5: it has departed",
            where(smallest_over("activation", drift_exponent("drift_by_plateau")), objective="dot-product"),
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
        statement="Wide linear nets blow up at a predicted time after their departure.",
        formula=r"\mu(T-t_{0.5})=\operatorname{arcoth}\left(1+\frac{\sqrt z}{\sqrt{1+zf^2+2g}}\right),\quad "
        r"f=\frac{\left|Xv\right|^2}{\|XX^\top\|_F},\quad g=\frac{\left|X^\top Xv\right|^2}{\|XX^\top\|_F^2}",
        quantity="|μ_h(T − t_0.5)/arcoth(1 + √z/√(1 + zf² + 2g)) − 1| at the largest width of each seed, identity",
        experiment="drift",
        table="departures",
        measure=where(delay_error(1), objective="dot-product", activation="identity"),
        statistic="mean",
        # The prediction is the limit h → ∞ of one mode; at 2^11 the second is still e^{−4(1 − μ_2/μ_1)} of the first.
        criterion=Criterion("<=", 0.15),
        control=Control("rate 2μ", where(delay_error(2), objective="dot-product", activation="identity")),
        figure="after-departure",
    ),
]
