"""A2 and A3 at finite step sizes: other retractions, orthogonal iteration, limits in η."""

import math

import pandas as pd

from ssl_dynamics.claims.common import FAR_RATE
from ssl_dynamics.claims.measures.budgets import within_budget
from ssl_dynamics.claims.measures.rates import alternating, nearer_rate, proportional
from ssl_dynamics.claims.measures.trajectories import (
    errors_by_rate,
    largest_error,
    largest_over,
    last,
    order,
    order_of_errors,
    where,
)
from ssl_dynamics.claims.rounding import EPSILON, SUM_OVER_COORDINATES, Rounding
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure, OfError, Wrong
from ssl_dynamics.experiments.finite_steps.config import (
    ITERATION_SIDES,
    ITERATION_STEP,
    LEAST_ITERATION_STEPS,
    LEFT,
    RIEMANNIAN_SIDES,
)
from ssl_dynamics.problem.levels import FAR_RATES

ORDER_IF_WRONG = alternating(errors_by_rate, order_of_errors, "error", rates=FAR_RATES)
FOLLOWED = f"at least {LEAST_ITERATION_STEPS:,} steps at η‖C‖ = {ITERATION_STEP}"
# Beyond its limit, at η(λ_d − λ_1) = s > 1, a step turns a span by 2θ, tan 2θ = s sin 2θ: sin²θ = (1 − 1/s)/2.
ORBIT_PART = math.sqrt((1 - 1 / RIEMANNIAN_SIDES[1]) / 2)


def _part_at(side: int, method: str) -> Measure:
    """Part of v_d in the trained span at the end."""
    return where(within_budget(last("part"), "finite_steps.limit_steps"), method=method, side=side)


def _limit_if_wrong(sides: tuple[float, float], method: str) -> Wrong:
    """At a limit in η that is wrong by a relative error: by that between both sides, what is measured is beyond it."""
    between = sides[1] / sides[0] - 1

    def wrong(rows: pd.DataFrame) -> OfError:
        within, beyond = (_part_at(side, method)(rows) for side in (0, 1))
        return lambda error: beyond if abs(error) >= between else within

    return wrong


CLAIMS = [
    Claim(
        id="A3-order-polar",
        source="A3",
        statement="With the polar retraction instead of QR, training converges to the same flow at the same order.",
        formula=r"W\leftarrow S(S^\top S)^{-1/2},\quad S=W-2\eta(I-WW^\top)CW\quad\Rightarrow\quad"
        r"\max_t\frac{\|P_\eta(t)-P(t)\|_F}{\sqrt{2z}}=c\,\eta+O(\eta^2)",
        quantity="leading order in η of the projector error where it is largest over the transient, three step sizes",
        experiment="finite_steps",
        table="retractions",
        measure=where(order("error"), retraction="polar"),
        statistic="mean",
        criterion=Criterion("within", (0.95, 1.05)),
        control=Control(FAR_RATE, where(nearer_rate(order, "error", centre=1, rates=FAR_RATES), retraction="polar")),
        figure="retractions",
        wrong=where(ORDER_IF_WRONG, retraction="polar"),
    ),
    Claim(
        id="A3-order-geodesic",
        source="A3",
        statement="With the exponential map instead of QR, training converges to the same flow at the same order.",
        formula=r"W\leftarrow\operatorname{Exp}_W(-2\eta(I-WW^\top)CW)\quad\Rightarrow\quad"
        r"\max_t\frac{\|P_\eta(t)-P(t)\|_F}{\sqrt{2z}}=c\,\eta+O(\eta^2)",
        quantity="leading order in η of the projector error where it is largest over the transient, three step sizes",
        experiment="finite_steps",
        table="retractions",
        measure=where(order("error"), retraction="geodesic"),
        statistic="mean",
        criterion=Criterion("within", (0.95, 1.05)),
        control=Control(FAR_RATE, where(nearer_rate(order, "error", centre=1, rates=FAR_RATES), retraction="geodesic")),
        figure="retractions",
        wrong=where(ORDER_IF_WRONG, retraction="geodesic"),
    ),
    Claim(
        id="A3-iteration",
        source="A3",
        statement="Euclidean gradient steps with QR are orthogonal iteration, an exact solution in discrete time.",
        formula=r"W_{k+1}=\operatorname{qf}((I-2\eta C)W_k)\quad\Rightarrow\quad"
        r"\operatorname{span}W_k=\operatorname{span}(I-2\eta C)^kW(0)",
        quantity=f"largest projector distance between training and closed form over {FOLLOWED}",
        experiment="finite_steps",
        table="iteration",
        measure=largest_error("distance"),
        statistic="largest",
        criterion=Criterion("<=", 1e-10),
        control=Control("the flow at the same times", largest_error("distance_control")),
        figure="iteration",
        rounding=Rounding(LEAST_ITERATION_STEPS * EPSILON, "distance"),
        wrong=proportional(largest_error, "distance"),
    ),
    Claim(
        id="beyond-iteration-limit",
        source="beyond",
        statement="Orthogonal iteration sheds the direction v_d, as it must to end in the leading eigenspace, iff "
        "η(λ_z + λ_d) < 1 (shown for C → −C).",
        formula=r"\left|1-2\eta\lambda_d\right|<\left|1-2\eta\lambda_z\right|\quad\Leftrightarrow\quad\eta(\lambda_z+\lambda_d)<1",
        quantity=f"part of the direction v_d in the trained span at {ITERATION_SIDES[0]} of the limit in η, after the "
        f"steps in which its bound falls to {LEFT:g}",
        experiment="finite_steps",
        table="limits",
        measure=_part_at(0, "iteration"),
        statistic="largest",
        criterion=Criterion("<=", 1e-3),
        control=Control(f"the same at {ITERATION_SIDES[1]} of the limit", _part_at(1, "iteration")),
        figure="limits",
        wrong=_limit_if_wrong(ITERATION_SIDES, "iteration"),
    ),
    Claim(
        id="beyond-riemannian-limit",
        source="beyond",
        statement="Riemannian steps shed the direction v_d, as they must to converge, if η(λ_d − λ_1) < 1, and not if "
        "it is greater.",
        formula=r"G_{jk}\leftarrow(1-2\eta(\lambda_j-\lambda_k))G_{jk}+\dots,\qquad "
        r"\left|1-2\eta(\lambda_j-\lambda_k)\right|<1\;\;\Leftrightarrow\;\;\eta(\lambda_j-\lambda_k)<1",
        quantity=f"part of the direction v_d in the trained span at {RIEMANNIAN_SIDES[0]} of the limit in η, after "
        f"more steps than its bound takes to fall to {LEFT:g}",
        experiment="finite_steps",
        table="limits",
        measure=_part_at(0, "riemannian"),
        statistic="largest",
        criterion=Criterion("<=", 1e-3),
        control=Control(
            f"the same at {RIEMANNIAN_SIDES[1]} of the limit, an orbit of period 2 with the part {ORBIT_PART:.3g}",
            _part_at(1, "riemannian"),
        ),
        figure="limits",
        wrong=_limit_if_wrong(RIEMANNIAN_SIDES, "riemannian"),
    ),
    Claim(
        id="A2-orthonormality",
        source="A2",
        statement="Retraction keeps the weights orthonormal over the whole of training.",
        formula=r"W_k^\top W_k=I\quad\text{for all steps}\;k",
        quantity=f"largest ‖WᵀW − I‖_F over {FOLLOWED}, QR, polar and geodesic",
        experiment="finite_steps",
        table="drift",
        measure=where(largest_over("retraction", largest_error("drift")), retraction=["qr", "polar", "geodesic"]),
        statistic="largest",
        criterion=Criterion("<=", 1e-12),
        control=Control("the same steps without retraction", where(largest_error("drift"), retraction="none")),
        figure="drift",
        rounding=Rounding(SUM_OVER_COORDINATES),
    ),
]
