"""Beyond A4: which limit of infinite width constrained nets have, and which they have not."""

import pandas as pd

from ssl_dynamics.claims.measures.trajectories import farthest_from, largest_over, nearest_to, smallest_over, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure
from ssl_dynamics.experiments.constrained_nets.config import LINEAR_WIDTH, READ_AT, SELF_SUPERVISED, UNIT, WIDTH
from ssl_dynamics.experiments.constrained_nets.measures import (
    error_exponent,
    error_of_falling,
    prediction_error,
    ratio_of,
    widest_at,
)

FAST = "the rate κ = h of the first layer, at which features move at every width"


def _unit_rate(measure: Measure) -> Measure:
    return where(measure, objective=SELF_SUPERVISED, rate=UNIT)


def _fast(measure: Measure) -> Measure:
    return where(measure, objective=SELF_SUPERVISED, rate=WIDTH)


def _exponent(rows: pd.DataFrame) -> "pd.Series[float]":
    return _unit_rate(farthest_from(-1, "activation", error_exponent))(rows)


CLAIMS = [
    Claim(
        id="beyond-frozen-features",
        source="beyond",
        statement="Under W_2ᵀW_2 = I, with W_1 at rate 1, wide nets follow the Grassmann flow on their features at the "
        f"start: its Gram error at τ = {READ_AT:g} is 1/h times the slope that has acted on the features.",
        formula=r"\left\|\frac{UU^\top}{\|UU^\top\|_F}-\frac{\tilde U\tilde U^\top}{\|\tilde U\tilde U^\top\|_F}"
        r"\right\|_F\propto\frac1h\int_0^t\|2A\tilde U\|_F\,ds,\quad"
        r"\tilde U=\Psi_0\tilde W,\quad\dot{\tilde W}=-2(I-\tilde W\tilde W^\top)\Psi_0^\top A\Psi_0\tilde W",
        quantity="fitted exponent in h of ‖UUᵀ/‖UUᵀ‖ − U'U'ᵀ/‖U'U'ᵀ‖‖_F over the ∫‖∂L/∂U'‖ dt of each net's own frozen "
        "flow, widths of at least the number of points; of the activations the one farthest from −1",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=_exponent,
        statistic="mean",
        # Half-way to −1/2, which a rate √h of the first layer would make of it (docs/theory.md §4).
        criterion=Criterion("within", (-1.25, -0.75)),
        control=Control(FAST, _fast(nearest_to(-1, "activation", error_exponent))),
        figure="constrained-nets",
        wrong=lambda error: lambda rows: _exponent(rows) / (1 + error),
    ),
    Claim(
        id="beyond-frozen-features-error",
        source="beyond",
        statement="Of the widest nets, the flow on frozen features gives the Gram matrix of representations at "
        f"τ = {READ_AT:g}.",
        formula=r"\frac{UU^\top}{\|UU^\top\|_F}\to\frac{\tilde U\tilde U^\top}{\|\tilde U\tilde U^\top\|_F},\quad"
        r"\tilde U=\Psi_0\tilde W,\quad\dot{\tilde W}=-2(I-\tilde W\tilde W^\top)\Psi_0^\top A\Psi_0\tilde W",
        quantity="largest ‖UUᵀ/‖UUᵀ‖ − U'U'ᵀ/‖U'U'ᵀ‖‖_F over activations, widest nets",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=_unit_rate(largest_over("activation", widest_at("flow_error", READ_AT))),
        statistic="largest",
        criterion=Criterion("<=", 0.02),
        control=Control(FAST, _fast(smallest_over("activation", widest_at("flow_error", READ_AT)))),
        figure="constrained-nets",
    ),
    Claim(
        id="beyond-linearised-stays-wrong",
        source="beyond",
        statement="The model linearised at its start, on the constraint, is as wrong as its distance to the frozen "
        "flow from the same start, at any width.",
        formula=r"\frac{1-\cos(UU^\top,\,U_{\text{lin}}U_{\text{lin}}^\top)}"
        r"{1-\cos(\tilde U\tilde U^\top,\,U_{\text{lin}}U_{\text{lin}}^\top)}=1+O\!\left(\frac1h\right)",
        quantity=f"largest |m/m' − 1|·h/{LINEAR_WIDTH} over activations, widest nets at τ = {READ_AT:g}: "
        "m = 1 − cos(UUᵀ, U_lin U_linᵀ) of the trained net, m' that of the frozen flow from its start",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=_unit_rate(largest_over("activation", prediction_error())),
        statistic="largest",
        # The triangle inequality: |m/m' − 1| <= 2ρ + ρ², ρ of the order τ/h; five times τ/h (docs/theory.md §4).
        criterion=Criterion("<=", 0.02),
        control=Control(
            "an error that falls as 1/h from the width before, so that the model becomes right",
            _unit_rate(smallest_over("activation", error_of_falling)),
        ),
        figure="constrained-nets",
        wrong=lambda error: _unit_rate(largest_over("activation", prediction_error(factor=1 + error))),
    ),
    Claim(
        id="beyond-linearised-limit",
        source="beyond",
        statement="At infinite width and late, the linearised model is wrong by a constant that is not small.",
        formula=r"1-\cos(UU^\top,\,U_{\text{lin}}U_{\text{lin}}^\top)\to"
        r"1-\frac{\left|E_z^\top K_\infty e_1\right|^2}{(e_1^\top K_\infty e_1)\,\|E_z^\top K_\infty E_z\|_F}>0",
        quantity="the constant, from K∞ and A alone; of the activations the smallest",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=_unit_rate(smallest_over("activation", widest_at("mismatch_limit"))),
        statistic="smallest",
        # Gram matrices 8° apart. What is trained errs by the square of τ/h against the frozen flow, below 1e−4.
        criterion=Criterion(">=", 0.01),
        control=Control(
            "1 − cos of the flow on frozen features to trained nets, the widest, at the end",
            _unit_rate(largest_over("activation", widest_at("flow_mismatch"))),
        ),
        figure="constrained-nets",
        evidence="equations",
    ),
    Claim(
        id="beyond-tangent-drift",
        source="beyond",
        statement="The output block of the tangent kernel on the constraint drifts by ‖R E_zE_zᵀ R‖_F/‖K‖_F, "
        "R = K^{1/2}, E_z the z leading eigenvectors of RAR, at every width.",
        formula=r"\frac{\|\Psi_t(I-W_tW_t^\top)\Psi_t^\top-\Psi_0(I-W_0W_0^\top)\Psi_0^\top\|_F}"
        r"{\|\Psi_0(I-W_0W_0^\top)\Psi_0^\top\|_F}\to\frac{\|RE_zE_z^\top R\|_F}{\|K_\infty\|_F}",
        quantity="drift of Ψ(I − W_2W_2ᵀ)Ψᵀ at the end over its prediction, widest nets; of the activations the one "
        "farthest from 1",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=_unit_rate(farthest_from(1, "activation", ratio_of("tangent_drift", "limit"))),
        statistic="mean",
        criterion=Criterion("within", (0.95, 1.05)),
        control=Control(
            "the constant of the z trailing eigenvectors",
            _unit_rate(nearest_to(1, "activation", ratio_of("tangent_drift", "limit_control"))),
        ),
        figure="constrained-nets",
    ),
]
