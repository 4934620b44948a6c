"""A5 on finite samples: how much of the span n triplets tell."""

from ssl_dynamics.claims.measures.rates import divided
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.finite_sample.config import SMALL_SQUARE
from ssl_dynamics.experiments.finite_sample.measures import sample_ratio

CLAIMS = [
    Claim(
        id="A5-finite-sample",
        source="A5",
        statement="The span learned from n triplets differs from that of the population by what the second moments of "
        "one triplet's form predict, coordinate by coordinate, with nothing fitted.",
        formula=r"\operatorname{Var}G_{jk}=\left(\frac1n+\frac1N\right)"
        r"\frac{\operatorname{Var}(v_j^\top cv_k)}{(\lambda_j-\lambda_k)^2},\quad"
        r"c=\tfrac12(xy^\top+yx^\top),\quad j>z\ge k",
        quantity="root mean square of G_jk over its predicted standard deviation, over all coordinates and the sizes n "
        f"with a predicted ‖P − P_n‖²/2 of at most {SMALL_SQUARE}; N triplets stand for the population "
        "(exact, N = ∞, for the Gaussian mixture)",
        experiment="finite_sample",
        table="sines",
        measure=sample_ratio(),
        statistic="mean",
        # The next order is, relatively, some 3/2 of that square (docs/theory.md §5).
        criterion=Criterion("within", (0.92, 1.08)),
        control=Control("the same without the factor ½ of c", sample_ratio(factor=2)),
        figure="finite-sample",
        evidence="equations",
        wrong=divided(sample_ratio()),
    ),
]
