"""The spectral contrastive loss on whitened data follows the closed form with a penalty."""

from functools import partial

from ssl_dynamics.claims.common import FAR_RATE, NEAR_RATE
from ssl_dynamics.claims.measures.rates import alternating, nearer_rate, proportional
from ssl_dynamics.claims.measures.trajectories import (
    deviation_of_orders,
    errors_of_nets,
    largest_error,
    order_deviation,
)
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.problem.levels import FAR_RATES

TWICE = partial(largest_error, extrapolations=2)
NETS = ["components"]
ORDER = partial(order_deviation, nets=NETS)

CLAIMS = [
    Claim(
        id="beyond-spectral-flow",
        source="beyond",
        statement="On whitened data training on the spectral contrastive loss follows the closed form with the penalty "
        "β = 2.",
        formula=r"-2\,\mathbb E\,u\cdot u^++\mathbb E(u\cdot u')^2="
        r"\operatorname{Tr}W^\top CW+\tfrac\beta2\|W^\top W-I\|^2-z,\quad "
        r"C=2(I-\Gamma),\;\beta=2,\;\Gamma=\mathbb E\operatorname{sym}xx^{+\top}",
        quantity="largest ‖WWᵀ − predicted‖/‖predicted‖ over the training on all pairs of views, step size "
        "extrapolated twice",
        experiment="spectral_contrastive",
        table="spectral_flow",
        measure=TWICE("error"),
        statistic="largest",
        # With A = 2Γ weights grow as e^{2at}, a ≤ 2, until t ≈ 1/a: as with a penalty, an error of (4a²ηt)³ is left.
        criterion=Criterion("<=", 2e-4),
        control=Control(NEAR_RATE, nearer_rate(TWICE, "error")),
        figure="spectral-contrastive",
        wrong=proportional(TWICE, "error"),
        every_loss=False,
    ),
    Claim(
        id="beyond-spectral-order",
        source="beyond",
        statement="Training on the spectral contrastive loss converges to that closed form with the step size η.",
        formula=r"\max_t\|WW^\top_\eta-WW^\top\|_F/\|WW^\top\|_F=c\,\eta+O(\eta^2)",
        quantity="|leading order in η − 1| of that error where it is largest",
        experiment="spectral_contrastive",
        table="spectral_flow",
        measure=ORDER("error"),
        statistic="mean",
        criterion=Criterion("<=", 0.05),
        control=Control(FAR_RATE, nearer_rate(ORDER, "error", rates=FAR_RATES)),
        figure="spectral-contrastive",
        wrong=alternating(partial(errors_of_nets, nets=NETS), deviation_of_orders, "error", rates=FAR_RATES),
        every_loss=False,
    ),
]
