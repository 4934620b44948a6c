"""A4: the tangent kernels of wide nets tend to that of infinite width."""

from ssl_dynamics.claims.measures.trajectories import exponent_in_width, farthest_from, nearest_to, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion

CLAIMS = [
    Claim(
        id="A4-kernel-limit",
        source="A4",
        statement="The tangent kernel Θ_h of a random two-layer net, and each layer's block of it, tends to the limit "
        "I ⊗ (Σ + s∘Σ̇) at the rate 1/√h.",
        formula=r"\|\Theta_h-\Theta_\infty\|_F\propto h^{-1/2},\quad\Theta_\infty=I_z\otimes(\Sigma+s\circ\dot\Sigma)",
        quantity="fitted exponent in h of ‖Θ_h − Θ∞‖_F, of the activation (identity, ReLU, erf) and block that are "
        "farthest from −1/2",
        experiment="kernel_limit",
        table="kernel_limit",
        measure=where(farthest_from(-0.5, ["activation", "block"], exponent_in_width("error")), limit="complete"),
        statistic="mean",
        criterion=Criterion("within", (-0.6, -0.4)),
        control=Control(
            "the whole kernel against its limit without the term of Σ̇",
            where(nearest_to(-0.5, "activation", exponent_in_width("error")), limit="without the first layer"),
        ),
        figure="kernel-limit",
    ),
]
