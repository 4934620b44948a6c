"""A4: the tangent kernels of wide nets tend to that of infinite width."""

from ssl_dynamics.claims.measures.rates import at_error, decided_over, divided
from ssl_dynamics.claims.measures.trajectories import farthest, nearest_to, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.kernel_limit.measures import mean_ratio

# The least certain of the blocks is that of the first layer of linear nets, Γ ⊗ (W_2ᵀW_2/h − I): of z = 2 outputs three
# squares of equal mean, √(2/3) of a net and 0.023 of a mean over the 16 · 16 · 5 that are drawn. The band has room for
# half of its interval, 0.05, and four times that error. Points along one line alone would make the error 0.04.
BAND = 0.15


# By a theory that is wrong by a relative error: the mean ratio of the activation and block farthest from 1.
FARTHEST = where(decided_over(["activation", "block"], farthest(1), divided(mean_ratio)), limit="complete")

CLAIMS = [
    Claim(
        id="A4-kernel-limit",
        source="A4",
        statement="The tangent kernel Θ_h of a random two-layer net, and each layer's block of it, tends to the limit "
        "I ⊗ (Σ + s∘Σ̇): its mean square distance is V/h, V the variance of the kernel of one hidden unit.",
        formula=r"\mathbb E\,\|\Theta_h-\Theta_\infty\|_F^2=\frac Vh,\quad V=\mathbb E\,\|\Theta_1\|_F^2-"
        r"\|\Theta_\infty\|_F^2,\quad\Theta_\infty=I_z\otimes(\Sigma+s\circ\dot\Sigma)",
        quantity="h‖Θ_h − Θ∞‖_F²/V on the anchors, mean over nets of all widths, of the activation (identity, ReLU, "
        "erf) and block that are farthest from 1",
        experiment="kernel_limit",
        table="kernel_limit",
        measure=at_error(FARTHEST),
        statistic="mean",
        criterion=Criterion("within", (1 - BAND, 1 + BAND)),
        control=Control(
            "the whole kernel against its limit without the term of Σ̇",
            where(nearest_to(1, "activation", mean_ratio), limit="without the first layer"),
        ),
        figure="kernel-limit",
        evidence="random nets",
        wrong=FARTHEST,
    ),
]
