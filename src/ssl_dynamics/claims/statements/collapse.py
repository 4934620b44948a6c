"""A1: without a constraint, representations collapse."""

from ssl_dynamics.claims.measures.trajectories import curve_deviation, largest_error, rank_at, relative_error
from ssl_dynamics.claims.statements.common import COLLAPSE_TIME, HALF_RATE
from ssl_dynamics.claims.verdict import Claim, Control, Criterion

CLAIMS = [
    Claim(
        id="A1-collapse-curve",
        source="A1",
        statement="Without a constraint, ln(σ_2/σ_1)(t) of trained weights is the curve that exp(−2Ct)W(0) predicts.",
        formula=r"\ln\frac{\sigma_2}{\sigma_1}(W(t))=\ln\frac{\sigma_2}{\sigma_1}(e^{-2Ct}W(0))",
        quantity="largest deviation over the trajectory over the change of the curve, step size extrapolated twice",
        dynamics="unconstrained",
        table="collapse",
        measure=curve_deviation("predicted", extrapolations=2),
        statistic="largest",
        # Two extrapolations leave an error of order (η‖C‖)³, 1e−4 here, and rounding near σ_2/σ_1 = e^{−25}.
        criterion=Criterion("<=", 1e-3),
        control=Control(HALF_RATE, curve_deviation("control", extrapolations=2)),
        figure="collapse",
    ),
    Claim(
        id="A1-collapse",
        source="A1",
        statement="Without a constraint, every start collapses to a scalar representation by t = 11.5/(λ_2 − λ_1).",
        formula=r"\operatorname{erank}XW(t)\to1\quad\text{by}\quad t=\frac{11.5}{\lambda_2-\lambda_1},\quad"
        r"\operatorname{erank}U=\exp\left(-\sum_kp_k\ln p_k\right),\quad p_k=\frac{\sigma_k(U)}{\sum_j\sigma_j(U)}",
        quantity="effective rank of the representation at that time",
        dynamics="unconstrained",
        table="rank",
        measure=rank_at(COLLAPSE_TIME),
        statistic="largest",
        criterion=Criterion("<=", 1.01),
        control=Control("the same training under WᵀW = I", rank_at(COLLAPSE_TIME), dynamics="grassmannian"),
        figure="rank",
    ),
    Claim(
        id="A1-alignment",
        source="A1",
        statement="Without a constraint, every output coordinate turns into the same function, ±v_1ᵀx.",
        formula=r"\max_a\sin\angle(Xw_a(t),\,Xv_1)=O(e^{-2(\lambda_2-\lambda_1)t}),\quad "
        r"Xw_a(t)=\sum_ke^{-2\lambda_kt}(v_k^\top w_a(0))Xv_k",
        quantity="largest sine of the angle of an output coordinate to v_1ᵀx on the anchors, at t = 11.5/(λ_2 − λ_1)",
        dynamics="unconstrained",
        table="rank",
        measure=rank_at(COLLAPSE_TIME, "misalignment"),
        statistic="largest",
        # e^{−23} = 1e−10 is left, times a ratio of components of the start, which may reach 1e5 in hundreds of draws.
        criterion=Criterion("<=", 1e-3),
        control=Control(
            "the same training under WᵀW = I", rank_at(COLLAPSE_TIME, "misalignment"), dynamics="grassmannian"
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
        dynamics="unconstrained",
        table="slopes",
        measure=relative_error("slope", "discrete"),
        statistic="largest",
        # Rounding: 1e−16/σ_2σ_1^{-1} is 1e−5 of ln σ_2 at its end, and 1e−3 for starts that begin at e^{−5}.
        criterion=Criterion("<=", 1e-3),
        control=Control("the slope of the flow, η → 0", relative_error("slope", "continuous")),
        figure="collapse",
    ),
    Claim(
        id="A1-same-span",
        source="A1",
        statement="The span does not collapse: while float64 can show it, that of unconstrained weights is the "
        "constrained one.",
        formula=r"\dot W=-2CW\quad\Rightarrow\quad"
        r"\operatorname{span}W(t)=\operatorname{span}V\begin{pmatrix}I\\G(t)\end{pmatrix},\quad "
        r"G_{jk}(t)=e^{-2(\lambda_j-\lambda_k)t}G_{jk}(0)",
        quantity="largest projector error of trained weights to the closed form with the constraint, extrapolated "
        "twice, while σ_z/σ_1 > 1e−8",
        dynamics="unconstrained",
        table="spans",
        measure=largest_error("error", extrapolations=2),
        statistic="largest",
        # As for the curve: two extrapolations leave an error of order (η‖C‖)³.
        criterion=Criterion("<=", 1e-3),
        control=Control(HALF_RATE, largest_error("error_control", extrapolations=2)),
        figure="spans",
    ),
]
