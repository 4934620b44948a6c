"""Beyond A4: which limit of infinite width constrained nets have, and which they have not."""

from ssl_dynamics.claims.measures.rates import at_error, decided_over, divided
from ssl_dynamics.claims.measures.trajectories import (
    farthest_from,
    largest_of,
    largest_over,
    nearest_to,
    smallest_over,
    where,
)
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure, OfRows, T
from ssl_dynamics.experiments.constrained_nets.config import LINEAR_WIDTH, READ_AT, SELF_SUPERVISED, UNIT, WIDTH
from ssl_dynamics.experiments.constrained_nets.measures import (
    error_of_falling,
    frozen_error,
    prediction_error,
    ratio_of,
    widest_at,
)

FAST = "the rate κ = h of the first layer, at which features move at every width"


def _unit_rate(measure: OfRows[T]) -> OfRows[T]:
    return where(measure, objective=SELF_SUPERVISED, rate=UNIT)


def _fast(measure: Measure) -> Measure:
    return where(measure, objective=SELF_SUPERVISED, rate=WIDTH)


# Errors of a prediction, by a theory that is wrong by a relative error.
FROZEN = _unit_rate(decided_over("activation", largest_of, frozen_error("max")))
LINEARISED = _unit_rate(decided_over("activation", largest_of, prediction_error))
# The drift of the tangent kernel over its prediction.
TANGENT = _unit_rate(farthest_from(1, "activation", ratio_of("tangent_drift", "tangent_predicted")))

CLAIMS = [
    Claim(
        id="follow-up-frozen-features",
        source="follow-up",
        bears_on=("F3", "A4"),
        statement="Under W_2ᵀW_2 = I, with W_1 at rate 1, nets follow the Grassmann flow on their features at "
        f"the start: their Gram error at τ = {READ_AT:g}, of the order 1/h, is what the move of the features makes of "
        "it, with the slopes of the activation as at the start.",
        formula=r"\left\|\frac{UU^\top}{\|UU^\top\|_F}-\frac{\tilde U\tilde U^\top}{\|\tilde U\tilde U^\top\|_F}"
        r"\right\|_F=m'\left(1+O\!\left(\frac\tau h\right)\right),\quad m'\;\text{of}\;"
        r"\Psi(t)=\Psi_0-\frac1h\,\varphi'(a_0)\circ\Bigl(s\int_0^t\varphi'(a_0)\circ(2A\Psi W W^\top)\,dt\Bigr)",
        quantity=f"largest |m/m' − 1|·h/{LINEAR_WIDTH} over activations and widths of at least the number of points: "
        "m = ‖UUᵀ/‖UUᵀ‖ − ŨŨᵀ/‖ŨŨᵀ‖‖_F of the trained net to the frozen flow from its start, m' the same of the flow "
        "whose features move with the slopes of the start; all three in the steps of training",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=at_error(FROZEN),
        statistic="largest",
        # Left out is the change of the slopes, a few τ/h relative to m' (docs/theory.md §4); allowed are 5τ/h.
        criterion=Criterion("<=", 0.01),
        control=Control(FAST, _fast(smallest_over("activation", at_error(frozen_error("min"))))),
        figure="constrained-nets",
        wrong=FROZEN,
    ),
    Claim(
        id="follow-up-frozen-features-error",
        source="follow-up",
        bears_on=("F3", "A4"),
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
        bears_on=("A4",),
        statement="The model linearised at its start, on the constraint, stays wrong at any width, by as much as the "
        "frozen flow from the same start says.",
        formula=r"D(UU^\top,\,U_{\text{lin}}U_{\text{lin}}^\top)=D(\tilde U\tilde U^\top,\,"
        r"U_{\text{lin}}U_{\text{lin}}^\top)+O\!\left(\frac\tau h\right),\quad "
        r"D(G,H)=\left\|\frac G{\|G\|_F}-\frac H{\|H\|_F}\right\|_F",
        quantity=f"largest |D − D'|·h/{LINEAR_WIDTH} over activations, widest nets at τ = {READ_AT:g}: "
        "D = ‖UUᵀ/‖UUᵀ‖ − VVᵀ/‖VVᵀ‖‖_F of the trained net to the linearised model V, D' that of the frozen flow from "
        "its start",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=at_error(LINEARISED),
        statistic="largest",
        # |D − D'| is at most the error of the frozen flow, by the triangle inequality; 5τ/h is allowed (docs/theory.md
        # §4).
        criterion=Criterion("<=", 0.01),
        control=Control(
            "a 1 − cos that falls as 1/h from the width before, so that the model becomes right",
            _unit_rate(largest_over("activation", error_of_falling)),
        ),
        figure="constrained-nets",
        wrong=LINEARISED,
    ),
    Claim(
        id="beyond-linearised-limit",
        source="beyond",
        bears_on=("A4",),
        statement="At infinite width and late times the linearised model is wrong by a constant that is not small.",
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
        every_seed=False,
    ),
    Claim(
        id="beyond-tangent-drift",
        source="beyond",
        bears_on=("A4",),
        statement="The output block of the tangent kernel on the constraint drifts at every width by what the flow on "
        "features at the start makes of it: ‖R E_zE_zᵀ R‖_F/‖K‖_F late, R = K^{1/2}, E_z the z leading eigenvectors of "
        "RAR.",
        formula=r"\frac{\|\Psi_t(I-W_tW_t^\top)\Psi_t^\top-\Psi_0(I-W_0W_0^\top)\Psi_0^\top\|_F}"
        r"{\|\Psi_0(I-W_0W_0^\top)\Psi_0^\top\|_F}\to\frac{\|RE_zE_z^\top R\|_F}{\|K_\infty\|_F}",
        quantity="drift of Ψ(I − W_2W_2ᵀ)Ψᵀ at the end over that of the flow on features at the start, widest nets; of "
        "the activations the one farthest from 1",
        experiment="constrained_nets",
        table="constrained_nets",
        measure=TANGENT,
        statistic="mean",
        criterion=Criterion("within", (0.95, 1.05)),
        control=Control(
            "the drift of the features, had the kernel moved with them alone",
            _unit_rate(nearest_to(1, "activation", ratio_of("feature_drift", "tangent_predicted"))),
        ),
        figure="constrained-nets",
        wrong=divided(TANGENT),
    ),
]
