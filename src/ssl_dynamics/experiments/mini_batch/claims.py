"""A5 on mini-batches: the deviation that their noise makes, with its constant."""

from ssl_dynamics.claims.measures.rates import divided
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.mini_batch.config import SMALL_DEVIATION
from ssl_dynamics.experiments.mini_batch.measures import nearest_ratio, noise_ratio

CLAIMS = [
    Claim(
        id="beyond-batch-noise",
        source="beyond",
        statement="Training on batches deviates from the flow by what the second moments of the triplets' forms "
        "predict, coordinate by coordinate, with nothing fitted.",
        formula=r"\operatorname{Var}G_{jk}(t)=\frac{4\eta}{B}\int_0^te^{-4(\lambda_j-\lambda_k)(t-s)}"
        r"\operatorname{Var}\bigl([-G,I]\,V^\top cV\,[I;G]\bigr)_{jk}(s)\,ds,\quad c=\tfrac12(xy^\top+yx^\top)",
        quantity="root mean square of the deviation of G_jk from the flow over its predicted standard deviation, over "
        f"all coordinates, checkpoints and cells (η, B) of predicted deviation below {SMALL_DEVIATION}; the bias of "
        "finite steps is subtracted",
        experiment="mini_batch",
        table="noise",
        measure=noise_ratio(),
        statistic="mean",
        # Of relative order η‖C‖ <= 0.02 in the step and deviation² <= 0.0225 in the noise (docs/theory.md §5).
        criterion=Criterion("within", (0.95, 1.05)),
        control=Control(
            "deviation² in proportion to √η/B or to η²/B, right at the largest step: the nearer of both",
            nearest_ratio([0.5, 2.0]),
        ),
        figure="mini-batch",
        wrong=divided(noise_ratio()),
    ),
]
