"""Where A2 ends: orthogonality of the output layer alone lets the collapse back on the time h/κ."""

from ssl_dynamics.claims.common import FAR_RATE, NEAR_RATE
from ssl_dynamics.claims.measures.rates import nearer_rate, proportional
from ssl_dynamics.claims.measures.trajectories import farthest_from, half, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure
from ssl_dynamics.experiments.output_layer.config import OPTIMUM, RANDOM
from ssl_dynamics.experiments.output_layer.measures import (
    by_theory,
    deviation,
    of_least_moved,
    typical_by_theory,
    typical_deviation,
    with_gap,
)
from ssl_dynamics.problem.levels import FAR_RATES

OTHERS = ["relu", "erf"]  # nets beside the linear ones
QUANTITY = "largest |ln(σ_2/σ_1) − predicted| of representations over the training, over the largest change predicted"


def _of(nets: str, measure: Measure) -> Measure:
    return where(measure, nets=nets)


def _from_optimum(measure: Measure) -> Measure:
    return _of(OPTIMUM, with_gap(measure))


def _others(measure: Measure) -> Measure:
    """Of the activations beside the identity the one that is predicted worst."""
    return where(farthest_from(0, "nets", measure), nets=OTHERS)


CLAIMS = [
    Claim(
        id="beyond-output-layer-law",
        source="beyond",
        bears_on=("A2", "F3"),
        statement="With the output layer orthogonal and the first layer free at rate κ, linear nets of width h leave "
        "the optimum of the constrained problem and collapse again: the ratio of singular values falls at "
        "2κ(λ_2 − λ_1)/h.",
        formula=r"W_2^\top W_2=I,\;\dot W_1=-\kappa\nabla_1L\;\Rightarrow\;"
        r"\ln\frac{\sigma_2}{\sigma_1}(W_1^\top W_2)\Big|_0^t=-\frac{2\kappa}{h}(\lambda_2-\lambda_1)\,t",
        quantity=QUANTITY + ", from both layers at the constrained optimum",
        experiment="output_layer",
        table="output_layer",
        measure=_from_optimum(deviation("predicted")),
        statistic="largest",
        # The law is exact, and from the optimum nothing but the slow rates is seen: a step of order 4 errs by
        # (step·κ/h)⁴ of them, below 1e−7. What rounding leaves beside the optimum is drawn back to it.
        criterion=Criterion("<=", 1e-5),
        control=Control(NEAR_RATE, _from_optimum(nearer_rate(deviation, "predicted"))),
        figure="output-layer",
        wrong=lambda error: _from_optimum(proportional(deviation, "predicted")(error)),
    ),
    Claim(
        id="beyond-output-layer-flow",
        source="beyond",
        bears_on=("A2", "F3"),
        statement="From random starts such linear nets follow two equations in which the width occurs as κ/h alone.",
        formula=r"\dot S=-2\Bigl(\frac\kappa hI+D\Bigr)CS,\quad\dot D=2(DCSS^\top+SS^\top CD),\quad"
        r"S=\frac{W_1^\top W_2}{\sqrt h},\;D=\frac{W_1^\top(I-W_2W_2^\top)W_1}{h}",
        quantity=QUANTITY + ", from random starts",
        experiment="output_layer",
        table="output_layer",
        measure=_of(RANDOM, deviation("predicted")),
        statistic="largest",
        # Steps x/(2|λ_1|σ²) err by x⁴/120 a unit of the fastest rate, 2e−4 at x = 0.4, in the few while the start is
        # left. A rate κ that is wrong by 10 % is as much of what the slow flow changes, if less of an early change.
        criterion=Criterion("<=", 2e-3),
        control=Control(
            FAR_RATE,
            _of(RANDOM, nearer_rate(deviation, "predicted", rates=FAR_RATES)),
            theory=_of(RANDOM, half(nearer_rate(by_theory, "predicted", rates=FAR_RATES))),
        ),
        figure="output-layer",
        wrong=lambda error: _of(RANDOM, proportional(deviation, "predicted", rates=FAR_RATES)(error)),
    ),
    Claim(
        id="beyond-output-layer-features",
        source="beyond",
        bears_on=("A2", "F3"),
        statement="ReLU and erf nets whose output layer alone is orthogonal move with their features on the time h/κ, "
        "each as the slow flow from its own start predicts, and do not stay where frozen features would keep them.",
        formula=r"\frac{dW_1}{ds}=-h\nabla_1L\big|_{W_2=E_z(\Psi^\top A\Psi)},\quad s=\frac{\kappa t}h,\quad"
        r"\frac{\sigma_2}{\sigma_1}(\Psi W_2)=\frac{\sigma_2}{\sigma_1}(\Psi E_z)+O\Bigl(\frac\kappa h\Bigr)",
        quantity="largest |ln(σ_2/σ_1) − predicted| of representations over the training, over the median over starts "
        "of the largest change predicted; of the activations the one predicted worst",
        experiment="output_layer",
        table="output_layer",
        measure=_others(typical_deviation("predicted")),
        statistic="mean",
        # W_2 lags behind by the order of (κ/h)|λ_1|/(λ_{z+1} − λ_z): a quarter of what moves for κ/h = 1/32 and a gap
        # of an eighth of |λ_1|. With W_1 at rest it is 1, by definition, in the median.
        criterion=Criterion("<=", 0.25),
        control=Control(
            "the first layer at rest, κ = 0, so that the rank is that of the start",
            where(of_least_moved(typical_deviation("frozen")), nets=OTHERS),
            # Nets that hardly change, at most half of them, are not told from nets at rest.
            theory=where(of_least_moved(half(typical_by_theory("frozen"))), nets=OTHERS),
        ),
        figure="output-layer",
        wrong=lambda error: _others(proportional(typical_deviation, "predicted", rates=FAR_RATES)(error)),
    ),
]
