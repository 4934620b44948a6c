"""A5: what the exact dynamics predict of accuracy, learning times and noise."""

from ssl_dynamics.claims.measures.framework import accuracy_difference, gain_per_class, learning_time_error
from ssl_dynamics.claims.measures.sampling import noise_exponent, noise_prediction, sample_exponent
from ssl_dynamics.claims.statements.common import HALF_RATE
from ssl_dynamics.claims.verdict import Claim, Control, Criterion

CLAIMS = [
    Claim(
        id="A5-accuracy",
        source="A5",
        statement="The closed form alone predicts the test accuracy of the trained constrained model at all times.",
        formula=r"\operatorname{accuracy}(P_\eta(t))=\operatorname{accuracy}(P(t)),\quad "
        r"P(t)\;\text{onto}\;\operatorname{span}e^{-2Ct}W(0)",
        quantity="largest |predicted − trained| accuracy over all checkpoints, of a ridge probe (penalty 0.01 times "
        "the mean variance of the coordinates, one scale for all) and the nearest class mean, at the finest step size, "
        "η‖C‖ <= 0.01",
        dynamics="downstream",
        table="accuracy",
        measure=accuracy_difference("trained"),
        statistic="largest",
        # Failed at first on digits, where η‖C‖ was 0.01 and one test item of 355 is 0.3 %: the step size there was
        # quartered (config/full.yaml), the threshold kept. What is left of the difference is the next claim.
        criterion=Criterion("<=", 0.01),
        control=Control(HALF_RATE, accuracy_difference("trained", "predicted_control")),
        figure="downstream",
    ),
    Claim(
        id="A5-accuracy-limit",
        source="A5",
        statement="What is left of that difference is the step size: extrapolated once over the transient, training "
        "has the accuracy.",
        formula=r"\operatorname{accuracy}(2P_\eta(t)-P_{2\eta}(t))=\operatorname{accuracy}(P(t))",
        quantity="largest |predicted − trained| accuracy as before, the projector extrapolated to η → 0 once",
        dynamics="downstream",
        table="accuracy",
        measure=accuracy_difference("extrapolated"),
        statistic="largest",
        # Added when A5-accuracy was seen to fail at η = 0.01/‖C‖ on a small test set; the same threshold.
        criterion=Criterion("<=", 0.01),
        control=Control(HALF_RATE, accuracy_difference("extrapolated", "predicted_control")),
        figure="downstream",
    ),
    Claim(
        id="A5-cost-of-collapse",
        source="A5",
        statement="What the collapse costs a probe: the constrained model is more accurate than the collapsed one.",
        formula=r"\operatorname{accuracy}_{\text{constrained}}-\operatorname{accuracy}_{\text{collapsed}}"
        r"\ge\frac12\cdot\frac{\min(z+1,K)-2}{K}",
        quantity="gap of the final ridge accuracies times K/(min(z + 1, K) − 2), for K classes",
        dynamics="collapse_cost",
        table="probes",
        measure=gain_per_class("collapsed"),
        statistic="smallest",
        # Half of the classes that the further dimensions make reachable (docs/theory.md §5): 0.35 at z = 8, K = 10.
        criterion=Criterion(">=", 0.5),
        control=Control(
            "the collapsed model's own span, in exact arithmetic, with an orthonormal basis", gain_per_class("span")
        ),
        figure="probes",
    ),
    Claim(
        id="A5-learning-times",
        source="A5",
        statement="The closed form predicts when training acquires each of the z leading eigen-directions of C.",
        formula=r"\left|P(t_k)v_k\right|^2=[(I+G(t_k)^\top G(t_k))^{-1}]_{kk}=\frac12",
        quantity="largest |t_k/predicted − 1| over k, t_k the last time that |Pv_k|² rises through 1/2, η‖C‖ = 0.0125",
        dynamics="learning_times",
        table="acquisition",
        measure=learning_time_error("predicted"),
        statistic="largest",
        criterion=Criterion("<=", 0.02),
        control=Control(HALF_RATE, learning_time_error("predicted_control")),
        figure="acquisition",
    ),
    Claim(
        id="A5-finite-sample",
        source="A5",
        statement="The span learned from n triplets is at a distance of order n^{−1/2} from that of the population.",
        formula=r"\sin\theta_{\max}(V_z(C_n),V_z(C_N))\propto\left(\frac1n+\frac1N\right)^{1/2}",
        quantity="slope of ln(sin θ_max) in ln(1/n + 1/N), where the mean of sin θ_max is below 1/2; N triplets stand "
        "for the population (exact, N = ∞, for the Gaussian mixture)",
        dynamics="finite_sample",
        table="sines",
        measure=sample_exponent("sine", "inverse_size"),
        statistic="mean",
        criterion=Criterion("within", (0.4, 0.6)),
        control=Control(
            "a reference from as few triplets as the smallest n", sample_exponent("sine_control", "inverse_size")
        ),
        figure="finite-sample",
    ),
    Claim(
        id="A5-batch-exponent-step",
        source="A5",
        statement="Training on batches strays from the flow in proportion to √η.",
        formula=r"\left(\operatorname{mean}_t\frac{\|P_{\eta,B}(t)-P(t)\|_F^2}{2z}\right)^{1/2}\propto\eta^{1/2}",
        quantity="exponent of η in the deviation, where noise makes 90 % of its square and it is below 0.2",
        dynamics="mini_batch",
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
        quantity="exponent of B in the deviation, where noise makes 90 % of its square and it is below 0.2",
        dynamics="mini_batch",
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
        dynamics="mini_batch",
        table="noise",
        measure=noise_prediction(noise=True),
        statistic="mean",
        criterion=Criterion("within", (0.8, 1.25)),
        control=Control("the prediction without noise, b = 0", noise_prediction(noise=False)),
        figure="mini-batch",
    ),
]
