"""A5 on finite samples: how much of the span n triplets tell."""

from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.finite_sample.measures import sample_exponent

CLAIMS = [
    Claim(
        id="A5-finite-sample",
        source="A5",
        statement="The span learned from n triplets is at a distance of order n^{−1/2} from that of the population.",
        formula=r"\sin\theta_{\max}(V_z(C_n),V_z(C_N))\propto\left(\frac1n+\frac1N\right)^{1/2}",
        quantity="slope of ln(sin θ_max) in ln(1/n + 1/N), where the mean of sin θ_max is below 1/2; N triplets stand "
        "for the population (exact, N = ∞, for the Gaussian mixture)",
        experiment="finite_sample",
        table="sines",
        measure=sample_exponent("sine", "inverse_size"),
        statistic="mean",
        criterion=Criterion("within", (0.4, 0.6)),
        control=Control(
            "a reference from as few triplets as the smallest n", sample_exponent("sine_control", "inverse_size")
        ),
        figure="finite-sample",
    ),
]
