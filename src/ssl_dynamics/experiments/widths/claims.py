"""A3 on two-layer nets: their dynamics do not depend on the width."""

from functools import partial

import numpy as np

from ssl_dynamics.claims.common import FAR_RATE, NEAR_RATE
from ssl_dynamics.claims.measures.rates import alternating, divided, nearer_rate, proportional
from ssl_dynamics.claims.measures.trajectories import (
    deviation_of_orders,
    errors_of_nets,
    largest_error,
    order_deviation,
    smallest_over,
    where,
    widest,
)
from ssl_dynamics.claims.rounding import STEP_OF_DOP853, Rounding
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure
from ssl_dynamics.problem.levels import FAR_RATES


def over_root(column: str) -> Measure:
    """Mean over the widths of a column over √(d/h)."""
    return lambda rows: (rows[column] * np.sqrt(rows["ratio"])).groupby(rows["seed"]).mean()


START = over_root("singular_value")
NETS = ["width"]
ORDER = partial(order_deviation, nets=NETS)
ORDER_IF_WRONG = alternating(partial(errors_of_nets, nets=NETS), deviation_of_orders, "error")
# Of nets on the Grassmannian the speed that is predicted is 1.
ORDER_OFF = nearer_rate(ORDER, "error_predicted", rates=FAR_RATES)
STIEFEL, SPED = ["stiefel", "canonical"], ["metric", "width"]
SPEED = partial(order_deviation, nets=SPED)
# As for A3-order-1: a step size of η is an error of the rate of 1 % (docs/theory.md §6).
SPEED_OFF = nearer_rate(SPEED, "error_predicted", rates=FAR_RATES)
SPEED_IF_WRONG = alternating(
    partial(errors_of_nets, nets=SPED), deviation_of_orders, "error_predicted", rates=FAR_RATES
)
ONCE = partial(largest_error, extrapolations=1)

CLAIMS = [
    Claim(
        id="A3-narrow-order",
        source="A3",
        statement="Two-layer nets of every width z ≤ h ≤ d, trained layer by layer, follow the closed form for one.",
        formula=r"W=W_1W_2,\quad\dot W=-2(I-WW^\top)CW\quad\Rightarrow\quad"
        r"\max_t\frac{\|P_\eta(t)-P(t)\|_F}{\sqrt{2z}}=c_h\eta+O(\eta^2),\quad z\le h\le d",
        quantity="largest |leading order in η − 1| over the widths, of the projector error where it is largest",
        experiment="narrow",
        table="narrow_errors",
        measure=where(ORDER("error"), metric=["grassmann"]),
        statistic="mean",
        criterion=Criterion("<=", 0.05),
        # Not nearer: a step size of η is an error of the rate of 1 % (docs/theory.md §6).
        control=Control(f"{FAR_RATE}, every width", where(smallest_over("width", ORDER_OFF), metric=["grassmann"])),
        figure="narrow-errors",
        wrong=where(ORDER_IF_WRONG, metric=["grassmann"]),
    ),
    Claim(
        id="A3-narrow-error",
        source="A3",
        statement="Extrapolated once, nets of every width z ≤ h ≤ d agree with the closed form of one layer.",
        formula=r"\max_{h,t}\frac{\|2P_\eta(t)-P_{2\eta}(t)-P(t)\|_F}{\sqrt{2z}}\to0\;\;(\eta\to0),\quad "
        r"P(t)\;\text{onto}\;\operatorname{span}e^{-2Ct}W_1(0)W_2(0)",
        quantity="largest once-extrapolated projector error over widths and transient",
        experiment="narrow",
        table="narrow_errors",
        measure=where(largest_error("error", extrapolations=1), metric=["grassmann"]),
        statistic="largest",
        criterion=Criterion("<=", 1e-3),
        control=Control(
            f"{NEAR_RATE}, every width", where(smallest_over("width", nearer_rate(ONCE, "error")), metric=["grassmann"])
        ),
        figure="narrow-errors",
        wrong=where(proportional(ONCE, "error"), metric=["grassmann"]),
    ),
    Claim(
        id="A3-narrow-integration",
        source="A3",
        statement="The equations of the two layers, z ≤ h ≤ d, have the closed form of one layer as their solution.",
        formula=r"\dot W_1=-2(I-W_1W_1^\top)CWW_2^\top,\;\;\dot W_2=-2(I-W_2W_2^\top)W_1^\top CW\quad\Rightarrow\quad"
        r"\operatorname{span}W_1W_2=\operatorname{span}e^{-2Ct}W(0)",
        quantity="largest projector distance to DOP853 integration of both layers, over widths and transient",
        experiment="narrow",
        table="narrow_integration",
        measure=largest_error("distance"),
        statistic="largest",
        criterion=Criterion("<=", 1e-9),
        control=Control(NEAR_RATE, nearer_rate(largest_error, "distance")),
        figure="narrow-errors",
        rounding=Rounding(STEP_OF_DOP853, "distance"),
        evidence="equations",
        wrong=proportional(largest_error, "distance"),
    ),
    Claim(
        id="A3-stiefel-speed",
        source="A3",
        statement="On Stiefel manifolds width sets the speed: 1 at h = z; 1.5 (canonical metric: 2) at h = d.",
        formula=r"\dot W=-2(I-P)CW-c\,(P_1-P)CW,\quad c=1\;(\text{canonical: }2)\quad\Rightarrow\quad "
        r"P(t)\;\text{onto}\;\operatorname{span}e^{-2Cst}W(0),\quad s=1\;(h=z),\;\;s=1+\frac c2\;(h=d)",
        quantity="largest |leading order in η − 1| of the projector error of these nets to the closed form so sped, "
        "where it is largest",
        experiment="narrow",
        table="narrow_errors",
        measure=where(SPEED("error_predicted"), metric=STIEFEL),
        statistic="mean",
        criterion=Criterion("<=", 0.05),
        control=Control(
            "the closed form at a speed wrong by 10%, of both signs the nearer, h = d",
            widest(where(smallest_over("metric", SPEED_OFF), metric=STIEFEL)),
        ),
        figure="narrow-speeds",
        wrong=where(SPEED_IF_WRONG, metric=STIEFEL),
    ),
    Claim(
        id="A3-wide-order",
        source="A3",
        statement="Wide nets, h ≥ d, follow one d × z equation in which the width does not occur.",
        formula=r"\dot W=-2[2CW-CWW^\top W-WW^\top CW],\quad W=V^\top W_2,\quad h\ge d",
        quantity="largest |leading order in η − 1| over the widths, of ‖W − W'‖_F/√z where it is largest",
        experiment="wide",
        table="wide_errors",
        measure=ORDER("error"),
        statistic="mean",
        criterion=Criterion("<=", 0.05),
        # Not nearer, as above.
        control=Control(
            f"{FAR_RATE}, every width", smallest_over("width", nearer_rate(ORDER, "error", rates=FAR_RATES))
        ),
        figure="wide-errors",
        wrong=ORDER_IF_WRONG,
    ),
    Claim(
        id="A3-wide-integration",
        source="A3",
        statement="The d × z equation, in closed form for z = 1, solves the equations of the layers of wide nets.",
        formula=r"z=1:\quad w_k(t)\propto w_k(0)e^{-2\lambda_k\tau},\quad"
        r"\left|w\right|^2=s=\frac{2}{1+\sqrt{1+4/q}},\quad "
        r"q=\frac{1}{1-s_0}\left(\sum_kw_k(0)^2e^{-4\lambda_k\tau}\right)^2,\quad "
        r"t=\int_0^\tau\frac{\mathrm d\tau'}{2-s(\tau')}",
        quantity="largest ‖W − W'‖_F/√z to DOP853 integration of the equation (z = 1) and of the layers (widths that "
        "memory allows, h > d among them)",
        experiment="wide",
        table="wide_integration",
        measure=largest_error("distance"),
        statistic="largest",
        criterion=Criterion("<=", 1e-9),
        control=Control(NEAR_RATE, nearer_rate(largest_error, "distance")),
        figure="wide-errors",
        rounding=Rounding(STEP_OF_DOP853, "distance"),
        evidence="equations",
        wrong=proportional(largest_error, "distance"),
    ),
    Claim(
        id="A3-wide-start",
        source="A3",
        statement="Width enters through the random start alone: singular values of random VᵀW_2 are √(d/h) in size.",
        formula=r"\left(\frac1z\,\mathbb{E}\,\|V^\top W_2\|_F^2\right)^{1/2}=\sqrt{\frac dh}",
        quantity="their root mean square at the start over √(d/h), mean over the widths",
        experiment="wide",
        table="wide_starts",
        measure=START,
        statistic="mean",
        # More than ten times the standard error of the mean (docs/theory.md §6).
        criterion=Criterion("within", (0.97, 1.03)),
        control=Control("the same starts at a late time, by the equation", over_root("singular_value_late")),
        figure="wide-starts",
        evidence="random nets",
        wrong=divided(START),
    ),
]
