"""A5 on finite samples: how much of the span n triplets tell."""

from ssl_dynamics.claims.common import wrong_theory
from ssl_dynamics.claims.measures.rates import divided, nearer_error, of_the_mean
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.finite_sample.config import SMALL_SQUARE
from ssl_dynamics.experiments.finite_sample.measures import sample_ratio

# Of a mean somewhere in a band 1 ± b it can be told for certain that a prediction is too small by 2b/(1 + b), or too
# large by 2b/(1 − b). Between both, at b = 0.08. Of the mean, as the claim: one seed alone scatters as widely.
PREDICTION_ERROR = 0.15

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
        measure=sample_ratio,
        statistic="mean",
        # The next order is, relatively, some 3/2 of that square (docs/theory.md §5).
        criterion=Criterion("within", (0.92, 1.08)),
        control=Control(
            f"the mean over the seeds; {wrong_theory(PREDICTION_ERROR, of='standard deviation')}",
            nearer_error(of_the_mean(divided(sample_ratio)), PREDICTION_ERROR, centre=1),
        ),
        figure="finite-sample",
        evidence="equations",
        wrong=divided(sample_ratio),
    ),
]
