"""A1 on the single-layer model, which collapses without the constraint, and A2 and A3, what the constraint changes."""

from functools import partial

from ssl_dynamics.claims.common import FAR_RATE, NEAR_RATE
from ssl_dynamics.claims.measures.budgets import within_reach
from ssl_dynamics.claims.measures.collapse import collapse_deviation, curve_deviation
from ssl_dynamics.claims.measures.rates import alternating, divided, nearer_rate, proportional, scaled
from ssl_dynamics.claims.measures.trajectories import (
    errors_by_rate,
    first,
    half,
    largest_error,
    largest_ratio,
    last,
    lowest_relative_rank,
    order,
    order_of_errors,
    rank_at,
    relative_error,
)
from ssl_dynamics.claims.rounding import LATE_SLOPE, STEP_OF_DOP853, Rounding
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.dynamics.config import ARRIVED, ONCE_ALLOWED, ROUNDING, SAME_SPAN, TWICE_ALLOWED
from ssl_dynamics.problem.levels import APART, COLLAPSE_TIME, COLLAPSED, FAR_RATES

CURVE = partial(curve_deviation, extrapolations=2)  # which leaves an error of order (η‖C‖)³
SLOPE = Criterion("<=", 1e-3)  # relative error of a late slope
TO_BOUND = partial(largest_ratio, floor=ROUNDING)
EXCESS = partial(collapse_deviation, gap_time=COLLAPSE_TIME, collapsed=COLLAPSED)
ONCE, TWICE = (partial(largest_error, extrapolations=extrapolations) for extrapolations in (1, 2))
SECOND, THIRD = (partial(order, extrapolations=extrapolations) for extrapolations in (1, 2))

CLAIMS = [
    Claim(
        id="A1-collapse-curve",
        source="A1",
        statement="Without a constraint, ln(σ_2/σ_1)(t) of trained weights is the curve that exp(−2Ct)W(0) predicts.",
        formula=r"\ln\frac{\sigma_2}{\sigma_1}(W(t))=\ln\frac{\sigma_2}{\sigma_1}(e^{-2Ct}W(0))",
        quantity="largest deviation over the trajectory over the change of the curve, step size extrapolated twice, "
        f"where σ_2/σ_1 is predicted to be at most {APART}",
        experiment="unconstrained",
        table="collapse",
        measure=CURVE("predicted"),
        statistic="largest",
        # Two extrapolations leave an error of order (η‖C‖)³, 1e−4 here, and rounding near σ_2/σ_1 = e^{−25}.
        criterion=Criterion("<=", 1e-3),
        control=Control(NEAR_RATE, nearer_rate(CURVE, "predicted")),
        figure="collapse",
        wrong=proportional(CURVE, "predicted"),
    ),
    Claim(
        id="A1-collapse",
        source="A1",
        statement="Without a constraint, every start collapses to a scalar representation by t = 11.5/(λ_2 − λ_1), and "
        "its effective rank is that of (I − 2ηC)^k W(0).",
        formula=r"\ln(\operatorname{erank}XW_k-1)=\ln(\operatorname{erank}X(I-2\eta C)^kW(0)-1),\quad"
        r"\operatorname{erank}XW_k\le1.01\quad\text{at}\quad k\eta=\frac{11.5}{\lambda_2-\lambda_1}",
        quantity="relative deviation of ln(effective rank − 1) from the prediction at that time; infinite where the "
        f"effective rank is above {COLLAPSED}",
        experiment="unconstrained",
        table="rank",
        measure=EXCESS("excess_predicted"),
        statistic="largest",
        # Rounding of 1e−15 beside σ_2/σ_1 = e^{−23} of a start that begins at e^{−5} is 1.4e−3 of σ_2, and of a
        # logarithm of −25 it is 6e−5.
        criterion=Criterion("<=", 1e-4),
        control=Control(NEAR_RATE, nearer_rate(EXCESS, "excess_predicted")),
        figure="rank",
        wrong=proportional(EXCESS, "excess_predicted"),
    ),
    Claim(
        id="A1-alignment",
        source="A1",
        statement="Without a constraint, every output coordinate turns into the same function, ±v_1ᵀx.",
        formula=r"\max_a\sin\angle(Xw_a(t),\,Xv_1)=O(e^{-2(\lambda_2-\lambda_1)t}),\quad "
        r"Xw_a(t)=\sum_ke^{-2\lambda_kt}(v_k^\top w_a(0))Xv_k",
        quantity="largest sine of the angle of an output coordinate to v_1ᵀx on the anchors, at t = 11.5/(λ_2 − λ_1)",
        experiment="unconstrained",
        table="rank",
        measure=rank_at(COLLAPSE_TIME, "misalignment"),
        statistic="largest",
        # e^{−23} = 1e−10 is left, times a ratio of components of the start, which may reach 1e5 in hundreds of draws.
        criterion=Criterion("<=", 1e-3),
        control=Control(
            "the same training under WᵀW = I", rank_at(COLLAPSE_TIME, "misalignment"), experiment="grassmannian"
        ),
        figure="rank",
    ),
    Claim(
        id="A1-discrete-slope",
        source="A1",
        statement="At finite step size, the late slope of ln(σ_2/σ_1) is that of (I − 2ηC)^k W(0), which tends to "
        "ln((1 − 2ηλ_2)/(1 − 2ηλ_1))/η.",
        formula=r"\frac{\Delta}{\Delta t}\ln\frac{\sigma_2}{\sigma_1}(W_k)="
        r"\frac{\Delta}{\Delta t}\ln\frac{\sigma_2}{\sigma_1}((I-2\eta C)^kW(0))"
        r"\to\frac{1}{\eta}\ln\frac{1-2\eta\lambda_2}{1-2\eta\lambda_1}",
        quantity="largest relative error of the slope between 6 and 11.5 gap times, over all step sizes",
        experiment="unconstrained",
        table="slopes",
        measure=relative_error("slope", "discrete"),
        statistic="largest",
        # Rounding: 1e−16/σ_2σ_1^{-1} is 1e−5 of ln σ_2 at its end, and 1e−3 for starts that begin at e^{−5}.
        criterion=SLOPE,
        control=Control(
            "the slope of the flow, η → 0",
            relative_error("slope", "continuous"),
            theory=half(relative_error("discrete", "continuous")),
        ),
        figure="collapse",
        rounding=Rounding(LATE_SLOPE),
        wrong=scaled(relative_error("slope", "discrete"), "discrete"),
    ),
    Claim(
        id="A1-same-span",
        source="A1",
        statement="The span does not collapse: as long as float64 can resolve it, unconstrained weights span what "
        "constrained weights span.",
        formula=r"\dot W=-2CW\quad\Rightarrow\quad"
        r"\operatorname{span}W(t)=\operatorname{span}V\begin{pmatrix}I\\G(t)\end{pmatrix},\quad "
        r"G_{jk}(t)=e^{-2(\lambda_j-\lambda_k)t}G_{jk}(0)",
        quantity="largest projector error of trained weights to the closed form with the constraint, extrapolated "
        "twice, while σ_z/σ_1 > 1e−8",
        experiment="unconstrained",
        table="spans",
        measure=TWICE("error"),
        statistic="largest",
        # As for the curve: two extrapolations leave an error of order (η‖C‖)³. A rate wrong by 1 % moves the span by no
        # more, 0.01 max_t |t dP/dt|, where a start lies near the limit.
        criterion=Criterion("<=", SAME_SPAN),
        # Checkpoints count in 1/(λ_2 − λ_1). Where that is small beside λ_{z+1} − λ_z, the span is at its limit by the
        # first of them, at any rate, and tells nothing.
        control=Control(
            FAR_RATE,
            nearer_rate(TWICE, "error", rates=FAR_RATES),
            theory=half(nearer_rate(TWICE, "moved", rates=FAR_RATES)),
        ),
        figure="spans",
        wrong=proportional(TWICE, "error", rates=FAR_RATES),
    ),
    Claim(
        id="A2-no-collapse",
        source="A2",
        statement="Under WᵀW = I the representation keeps its rank where the unconstrained one has lost it.",
        formula=r"\frac{\operatorname{erank}XW(t)-1}{\operatorname{erank}XV_z-1}\ge\frac12\quad\text{for}\quad "
        r"t\ge\frac{11.5}{\lambda_2-\lambda_1},\quad V_z=[v_1,\dots,v_z]",
        quantity="lowest (effective rank − 1)/(that of the leading eigenspace − 1) from t = 11.5/(λ_2 − λ_1) on",
        experiment="grassmannian",
        table="rank",
        measure=lowest_relative_rank(after=COLLAPSE_TIME),
        statistic="smallest",
        # Half-way between a scalar and the limit. Changed after a first result: the random start is left out, since it
        # may map data that lie near a line to nearly a scalar, which is not the dynamics' doing; and the rank is taken
        # relative to that of the limit, since z − 1 measures the spectrum of the data.
        criterion=Criterion(">=", 0.5),
        control=Control(
            "the same training without the constraint",
            lowest_relative_rank(after=COLLAPSE_TIME),
            experiment="unconstrained",
        ),
        figure="rank",
    ),
    Claim(
        id="A2-convergence-bound",
        source="A2",
        statement="tan θ_max(t) to the leading eigenspace of C stays within e^{−2(λ_{z+1} − λ_z)t} tan θ_max(0).",
        formula=r"\tan\theta_{\max}(t)\le e^{-2(\lambda_{z+1}-\lambda_z)t}\tan\theta_{\max}(0)",
        quantity="largest ratio of the trained tangent to the bound, t > 0, while the bound exceeds rounding (1e−12)",
        experiment="grassmannian",
        table="angles",
        measure=TO_BOUND("tangent", "bound"),
        statistic="largest",
        criterion=Criterion("<=", 1.0),
        # Not nearer: asymptotically tan θ_max is a part of the bound, that of G_{z+1,z}(0) in ‖G(0)‖, which no theory
        # keeps from being small. At the end of training, e^{−16}, a gap twice as wide shows if it is above 1e−7.
        control=Control(
            "the bound for a gap twice as wide",
            TO_BOUND("tangent", "bound_control"),
            theory=TO_BOUND("predicted", "bound_control"),
        ),
        figure="convergence",
    ),
    Claim(
        id="A2-convergence",
        source="A2",
        statement="Constrained training arrives at the leading eigenspace of C.",
        formula=r"\tan\theta_{\max}(t)=\|G(t)\|_2\to0\quad\Leftrightarrow\quad\operatorname{span}W(t)\to\operatorname{span}(v_1,\dots,v_z)",
        quantity="tan θ_max at the end of training",
        experiment="grassmannian",
        table="angles",
        # Training ends when the bound, by theory, is below it; where the budget of steps ends it earlier, the draw
        # settles nothing.
        measure=within_reach(last("tangent"), "bound", ARRIVED),
        statistic="largest",
        criterion=Criterion("<=", ARRIVED),
        control=Control("the untrained start, tan θ_max(0)", first("tangent")),
        figure="convergence",
    ),
    Claim(
        id="A3-order-1",
        source="A3",
        statement="The span of trained weights converges to the closed form on the Grassmannian with the step size η.",
        formula=r"\max_t\frac{\|P_\eta(t)-P(t)\|_F}{\sqrt{2z}}=c\,\eta+O(\eta^2),\quad "
        r"P(t)\;\text{onto}\;\operatorname{span}e^{-2Ct}W(0)",
        quantity="leading order in η of the projector error where it is largest, three finest step sizes",
        experiment="grassmannian",
        table="errors",
        measure=order("error"),
        statistic="mean",
        criterion=Criterion("within", (0.95, 1.05)),
        # A step size of η is an error of the rate of about ηΔ, Δ = λ_d − λ_1: 1 % here. A rate wrong by several times
        # as much leaves no order (docs/theory.md §6).
        control=Control(FAR_RATE, nearer_rate(order, "error", centre=1, rates=FAR_RATES)),
        figure="exactness",
        wrong=alternating(errors_by_rate, order_of_errors, "error", rates=FAR_RATES),
    ),
    Claim(
        id="A3-order-2",
        source="A3",
        statement="One Richardson extrapolation leaves an error of second order: the closed form is the limit itself.",
        formula=r"\max_t\frac{\|2P_\eta(t)-P_{2\eta}(t)-P(t)\|_F}{\sqrt{2z}}=c\,\eta^2+O(\eta^3)",
        quantity="leading order in η of the once-extrapolated error where it is largest, three pairs of step sizes",
        experiment="grassmannian",
        table="errors",
        measure=SECOND("error"),
        statistic="mean",
        criterion=Criterion("within", (1.85, 2.15)),
        control=Control(NEAR_RATE, nearer_rate(SECOND, "error", centre=2)),
        figure="exactness",
        wrong=alternating(partial(errors_by_rate, extrapolations=1), order_of_errors, "error"),
    ),
    Claim(
        id="A3-order-3",
        source="A3",
        statement="A second extrapolation leaves an error of third order.",
        formula=r"\max_t\frac{\|\frac13[8P_\eta(t)-6P_{2\eta}(t)+P_{4\eta}(t)]-P(t)\|_F}{\sqrt{2z}}=c\,\eta^3+O(\eta^4)",
        quantity="leading order in η of the twice-extrapolated error where it is largest, three triples of step sizes",
        experiment="grassmannian",
        table="errors",
        measure=THIRD("error"),
        statistic="mean",
        criterion=Criterion("within", (2.7, 3.3)),
        control=Control(NEAR_RATE, nearer_rate(THIRD, "error", centre=3)),
        figure="exactness",
        wrong=alternating(partial(errors_by_rate, extrapolations=2), order_of_errors, "error"),
    ),
    Claim(
        id="A3-error-1",
        source="A3",
        statement="Extrapolated once, training agrees with the closed form over the whole transient.",
        formula=r"\max_t\frac{\|2P_\eta(t)-P_{2\eta}(t)-P(t)\|_F}{\sqrt{2z}}\to0\;\;(\eta\to0),\quad "
        r"P(t)\;\text{onto}\;\operatorname{span}e^{-2Ct}W(0)",
        quantity="largest once-extrapolated projector error ‖P − P'‖_F/√(2z) over the trajectory",
        experiment="grassmannian",
        table="errors",
        measure=ONCE("error"),
        statistic="largest",
        criterion=Criterion("<=", ONCE_ALLOWED),
        control=Control(NEAR_RATE, nearer_rate(ONCE, "error")),
        figure="exactness",
        wrong=proportional(ONCE, "error"),
    ),
    Claim(
        id="A3-error-2",
        source="A3",
        statement="Extrapolated twice, training agrees with the closed form over the whole transient.",
        formula=r"\max_t\frac{\|\frac13[8P_\eta(t)-6P_{2\eta}(t)+P_{4\eta}(t)]-P(t)\|_F}{\sqrt{2z}}\to0\;\;(\eta\to0)",
        quantity="largest twice-extrapolated projector error ‖P − P'‖_F/√(2z) over the trajectory",
        experiment="grassmannian",
        table="errors",
        measure=TWICE("error"),
        statistic="largest",
        criterion=Criterion("<=", TWICE_ALLOWED),
        control=Control(NEAR_RATE, nearer_rate(TWICE, "error")),
        figure="exactness",
        wrong=proportional(TWICE, "error"),
    ),
    Claim(
        id="A3-integration",
        source="A3",
        statement="The closed form solves the constrained flow: it agrees with integration of Ẇ = −2(I − WWᵀ)CW.",
        formula=r"\dot W=-2(I-WW^\top)CW\quad\Rightarrow\quad\operatorname{span}W(t)=\operatorname{span}e^{-2Ct}W(0)",
        quantity="largest projector distance to DOP853 integration over the transient",
        experiment="grassmannian",
        table="integration",
        measure=largest_error("distance"),
        statistic="largest",
        criterion=Criterion("<=", 1e-9),
        control=Control(NEAR_RATE, nearer_rate(largest_error, "distance")),
        figure="integration",
        rounding=Rounding(STEP_OF_DOP853, "distance"),
        evidence="equations",
        wrong=proportional(largest_error, "distance"),
    ),
    Claim(
        id="A3-horizontal-steps",
        source="A3",
        statement="Training moves along the Grassmannian: a step leaves it only to second order in η.",
        formula=r"W-\eta\xi=QR,\quad\xi=2(I-WW^\top)CW\quad\Rightarrow\quad R^\top R=I+\eta^2\xi^\top\xi,\quad"
        r"\|R-I\|_F=O(\eta^2)",
        quantity="leading order in η of ‖R − I‖_F where it is largest, QR the step before retraction, three step sizes",
        experiment="grassmannian",
        table="steps",
        measure=order("defect"),
        statistic="mean",
        criterion=Criterion("within", (1.9, 2.1)),
        control=Control("the same steps without the horizontal projection", order("defect_euclidean")),
        figure="steps",
        wrong=divided(order("defect")),
    ),
]
