"""A5 on mini-batches: how their noise grows with the step size and falls with the size of the batch."""

from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.mini_batch.config import NOISE_SHARE, SMALL_DEVIATION
from ssl_dynamics.experiments.mini_batch.measures import noise_exponent, noise_prediction

WINDOW = f"where noise makes {100 * NOISE_SHARE:g} % of its square and it is below {SMALL_DEVIATION}"

CLAIMS = [
    Claim(
        id="A5-batch-exponent-step",
        source="A5",
        statement="Training on batches strays from the flow in proportion to √η.",
        formula=r"\left(\operatorname{mean}_t\frac{\|P_{\eta,B}(t)-P(t)\|_F^2}{2z}\right)^{1/2}\propto\eta^{1/2}",
        quantity=f"exponent of η in the deviation, {WINDOW}",
        experiment="mini_batch",
        table="noise",
        measure=noise_exponent("step", "deviation"),
        statistic="mean",
        criterion=Criterion("within", (0.4, 0.6)),
        control=Control("the full batch", noise_exponent("step", "deviation_full")),
        figure="mini-batch",
    ),
    Claim(
        id="A5-batch-exponent-size",
        source="A5",
        statement="Training on batches of B triplets strays from the flow in proportion to 1/√B.",
        formula=r"\left(\operatorname{mean}_t\frac{\|P_{\eta,B}(t)-P(t)\|_F^2}{2z}\right)^{1/2}\propto B^{-1/2}",
        quantity=f"exponent of B in the deviation, {WINDOW}",
        experiment="mini_batch",
        table="noise",
        measure=noise_exponent("batch", "deviation"),
        statistic="mean",
        criterion=Criterion("within", (-0.6, -0.4)),
        control=Control("the full batch", noise_exponent("batch", "deviation_full")),
        figure="mini-batch",
    ),
    Claim(
        id="A5-batch-prediction",
        source="A5",
        statement="deviation² = (aη‖C‖)² + b²η‖C‖/B: a from the full batch and one b predict cells not fitted.",
        formula=r"\operatorname{mean}_t\frac{\|P_{\eta,B}(t)-P(t)\|_F^2}{2z}=(a\,\eta\|C\|)^2+b^2\,\frac{\eta\|C\|}{B}",
        quantity="squared deviation over its prediction, mean over the other cells of the window",
        experiment="mini_batch",
        table="noise",
        measure=noise_prediction(noise=True),
        statistic="mean",
        criterion=Criterion("within", (0.8, 1.25)),
        control=Control("the prediction without noise, b = 0", noise_prediction(noise=False)),
        figure="mini-batch",
    ),
]
