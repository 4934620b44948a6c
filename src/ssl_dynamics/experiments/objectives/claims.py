"""Beyond the dot product: InfoNCE, NT-Xent and others under the same constraint."""

from ssl_dynamics.claims.measures.trajectories import last, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.objectives.measures import order_in_inverse_temperature

CLAIMS = [
    Claim(
        id="beyond-dot-product-limit",
        source="beyond",
        statement="Training on the dot product ends in the bottom-z eigenspace of C; training on InfoNCE does not.",
        formula=r"\min_{W^\top W=I}\operatorname{Tr}(W^\top CW)\quad\text{at}\quad"
        r"\operatorname{span}W=\operatorname{span}(v_1,\dots,v_z)",
        quantity="sin θ_max between the trained span and that eigenspace at the end of training",
        experiment="objectives",
        table="objectives",
        measure=where(last("sine"), objective="dot-product"),
        statistic="largest",
        criterion=Criterion("<=", 1e-2),
        control=Control("InfoNCE on the same triplets from the same starts", where(last("sine"), objective="info-nce")),
        figure="objectives",
    ),
    Claim(
        id="beyond-infonce-limit",
        source="beyond",
        statement="InfoNCE's minimiser tends to the bottom-z eigenspace of the in-batch C as the temperature τ grows.",
        formula=r"\tau(L-\ln n)=\operatorname{Tr}(W^\top CW)+\frac{Q(W)}{2\tau}+O(\tau^{-2})\quad\Rightarrow\quad"
        r"\sin\theta_{\max}=\frac c\tau+O(\tau^{-2})",
        quantity="fitted order in 1/τ of sin θ_max between trained span and eigenspace, three temperatures",
        experiment="objectives",
        table="temperatures",
        measure=order_in_inverse_temperature("sine"),
        statistic="mean",
        criterion=Criterion("within", (0.95, 1.05)),
        control=Control(
            "the form C of the triplets' own negatives", order_in_inverse_temperature("sine_own_negatives")
        ),
        figure="temperatures",
    ),
    Claim(
        id="beyond-infonce-departure",
        source="beyond",
        statement="At first order in 1/τ InfoNCE departs from that eigenspace as perturbation theory predicts.",
        formula=r"G_{jk}=-\frac{[V^\top(APB+BPA)V]_{jk}}{2\tau(\lambda_j-\lambda_k)}+O(\tau^{-2}),\quad j>z\ge k",
        quantity="fitted order in 1/τ of ‖P − P'‖_F/√(2z) between trained and predicted span, three temperatures",
        experiment="objectives",
        table="temperatures",
        measure=order_in_inverse_temperature("distance"),
        statistic="mean",
        # What the first order leaves is of second order; temperatures are 8 and more times the larger small number.
        criterion=Criterion("within", (1.85, 2.15)),
        control=Control("half of the predicted departure", order_in_inverse_temperature("distance_control")),
        figure="temperatures",
    ),
]
