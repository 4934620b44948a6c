"""Which constraints prevent collapse: those on lengths do not; a bound on all singular values does if λ_z < 0."""

import math

from ssl_dynamics.claims.common import NEAR_RATE
from ssl_dynamics.claims.measures.rates import nearer_rate, proportional
from ssl_dynamics.claims.rounding import EPSILON, Rounding
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.norm_constraints.config import COLUMNS, FLOOR, FROBENIUS, WORST_CONDITION
from ssl_dynamics.experiments.norm_constraints.measures import collapse_under, kept, known

STEP = r"W_{k+1}=\Pi((I-2\eta C)W_k)"
# Weights are known to ε of σ_1: ln(effective rank − 1) to ε/(σ_2/σ_1), e^{−FLOOR} ε = 3e-10 at the floor. Sums over
# hundreds of coordinates, steps and a start that amplifies rounding leave four digits less; a rate wrong by 1 % moves
# that logarithm by 0.01 · 14.
FOLLOWED = Criterion("<=", 1e-5)
QUANTITY = f"largest deviation of ln(effective rank − 1) from the prediction, while that is at least {FLOOR:g}"

CLAIMS = [
    Claim(
        id="beyond-frobenius-norm",
        source="beyond",
        bears_on=("A2",),
        statement="A constraint on the Frobenius norm of the weights does not prevent collapse: the representation "
        "loses its rank exactly as it does without a constraint.",
        formula=STEP
        + r",\;\Pi(W)=\sqrt z\,W/\|W\|_F\;\Rightarrow\;W_k=\sqrt z\,(I-2\eta C)^kW_0/\|(I-2\eta C)^kW_0\|_F",
        quantity=QUANTITY,
        experiment="norm_constraints",
        table="norm_ranks",
        measure=collapse_under(FROBENIUS)("predicted"),
        statistic="largest",
        criterion=FOLLOWED,
        control=Control(NEAR_RATE, nearer_rate(collapse_under(FROBENIUS), "predicted")),
        figure="norm-constraints",
        wrong=proportional(collapse_under(FROBENIUS), "predicted"),
        rounding=Rounding(EPSILON * math.exp(-FLOOR)),
    ),
    Claim(
        id="beyond-unit-columns",
        source="beyond",
        bears_on=("A2",),
        statement="Columns of unit length do not prevent collapse: each becomes the leading eigenvector, up to its "
        "sign, and the representation loses its rank along the predicted curve.",
        formula=STEP + r",\;\Pi(w_a)=w_a/|w_a|\;\Rightarrow\;w_a=(I-2\eta C)^kw_a(0)/|(I-2\eta C)^kw_a(0)|\to\pm v_1",
        quantity=QUANTITY,
        experiment="norm_constraints",
        table="norm_ranks",
        measure=collapse_under(COLUMNS)("predicted"),
        statistic="largest",
        criterion=FOLLOWED,
        control=Control(NEAR_RATE, nearer_rate(collapse_under(COLUMNS), "predicted")),
        figure="norm-constraints",
        wrong=proportional(collapse_under(COLUMNS), "predicted"),
        rounding=Rounding(EPSILON * math.exp(-FLOOR)),
    ),
    Claim(
        id="beyond-spectral-norm",
        source="beyond",
        bears_on=("A2",),
        statement="Where λ_z < 0, a bound on the spectral norm that cuts singular values at 1 prevents collapse as "
        "orthogonality does: from orthonormal starts weights stay orthonormal, or become so again, and follow the same "
        "closed form.",
        formula=STEP + r",\;\Pi:\sigma\mapsto\min(\sigma,1)\;\Rightarrow\;W_kW_k^\top=P_k\text{ where }p_k=0,\quad"
        r"p_{k+1}=\min(0,\,p_k+\ln\sigma_z((I-2\eta C)P_k))",
        quantity="largest projector distance of WWᵀ from the closed form of orthogonality where theory says WᵀW = I, "
        "spectral norm and orthogonality",
        experiment="norm_constraints",
        table="norm_grams",
        measure=kept("distance"),
        statistic="largest",
        # Rounding, which a start amplifies by tan θ(0), as in orthogonal iteration by QR.
        criterion=Criterion("<=", 1e-10),
        control=Control(NEAR_RATE, nearer_rate(kept, "distance")),
        figure="norm-constraints",
        wrong=proportional(kept, "distance"),
        rounding=Rounding(100 * EPSILON, "distance"),
    ),
    Claim(
        id="beyond-norm-spans",
        source="beyond",
        statement="Under each of the four constraints the weights have the same span at every time; what a constraint "
        "on the weights sets is how well conditioned they are.",
        formula=r"\operatorname{span}W_k=\operatorname{span}\,(I-2\eta C)^kW_0\quad\text{for each }\Pi",
        quantity=f"largest projector distance of trained spans to the closed form over the four constraints, while "
        f"σ_z/σ_1 > {WORST_CONDITION:g}",
        experiment="norm_constraints",
        table="norm_spans",
        measure=known("distance"),
        statistic="largest",
        # Rounding of σ_1, ε, is 2e-8 of σ_z = 1e-8 σ_1, and sums and starts amplify it as above.
        criterion=Criterion("<=", 1e-5),
        control=Control(NEAR_RATE, nearer_rate(known, "distance")),
        figure="norm-constraints",
        wrong=proportional(known, "distance"),
        rounding=Rounding(EPSILON / WORST_CONDITION, "distance"),
    ),
]
