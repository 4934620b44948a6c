"""Where A2 ends: orthogonality of the output layer alone protects the rank up to the time h/κ."""

from ssl_dynamics.claims.common import FAR_RATE, NEAR_RATE
from ssl_dynamics.claims.measures.rates import decided_over, nearer_rate, proportional
from ssl_dynamics.claims.measures.trajectories import half, largest_of, largest_over, smallest_over, where
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure, OfRows, T
from ssl_dynamics.experiments.output_layer.config import OPTIMUM, RANDOM
from ssl_dynamics.experiments.output_layer.measures import by_theory, deviation, with_gap
from ssl_dynamics.problem.levels import FAR_RATES

QUANTITY = "largest |ln(σ_2/σ_1) − predicted| of representations over the training, over the largest change predicted, "
QUANTITY += "of the widths the worst"


def _of(nets: str, measure: OfRows[T]) -> OfRows[T]:
    return where(measure, nets=nets)


def _worst(column: str) -> Measure:
    """The deviation at the width at which it is largest."""
    return largest_over("width", deviation(column))


def _from_optimum(measure: OfRows[T]) -> OfRows[T]:
    return _of(OPTIMUM, with_gap(measure))


CLAIMS = [
    Claim(
        id="beyond-output-layer-law",
        source="beyond",
        statement="With the output layer orthogonal and the first layer free at rate κ, linear nets of width h leave "
        "the optimum of the constrained problem and collapse again: a ratio of singular values of the weights falls at "
        "2κ(λ_2 − λ_1)/h.",
        formula=r"W_2^\top W_2=I,\;\dot W_1=-\kappa\nabla_1L\;\Rightarrow\;"
        r"\tfrac{1}{\sqrt h}W_1^\top W_2(t)=e^{-2\frac\kappa hCt}V_z,\quad"
        r"\ln\frac{\sigma_2}{\sigma_1}(Xe^{-2\frac\kappa hCt}V_z)",
        quantity=QUANTITY + ", from both layers at the constrained optimum",
        experiment="output_layer",
        table="output_layer",
        measure=_from_optimum(_worst("predicted")),
        statistic="largest",
        # The law is exact, and from the optimum nothing but the slow rates is seen: a step of order 4 errs by
        # (step·κ/h)⁴ of them, below 1e−7. What rounding leaves beside the optimum is drawn back to it.
        criterion=Criterion("<=", 1e-5),
        control=Control(NEAR_RATE, _from_optimum(smallest_over("width", nearer_rate(deviation, "predicted")))),
        figure="output-layer",
        wrong=_from_optimum(decided_over("width", largest_of, proportional(deviation, "predicted"))),
    ),
    Claim(
        id="beyond-output-layer-flow",
        source="beyond",
        statement="From random starts such linear nets follow two equations in which the width occurs as κ/h alone.",
        formula=r"\dot S=-2\Bigl(\frac\kappa hI+D\Bigr)CS,\quad\dot D=2(DCSS^\top+SS^\top CD),\quad"
        r"S=\frac{W_1^\top W_2}{\sqrt h},\;D=\frac{W_1^\top(I-W_2W_2^\top)W_1}{h}",
        quantity=QUANTITY + ", from random starts",
        experiment="output_layer",
        table="output_layer",
        measure=_of(RANDOM, _worst("predicted")),
        statistic="largest",
        # Steps of order 4 err by x⁴/120 a unit of the fastest rate, in the few while the start is left. There rates are
        # differences of eigenvalues of W_1CW_1ᵀ/h, of random layers up to (1 + √(d/h))² times those of C: with steps of
        # 0.25/(2|λ_1|) x is 0.7 where they are 2.8|λ_1| apart, and the error 2e−3. A rate κ that is wrong by 10 % is as
        # much of what the slow flow changes, if less of an early change.
        criterion=Criterion("<=", 2e-3),
        control=Control(
            FAR_RATE,
            _of(RANDOM, smallest_over("width", nearer_rate(deviation, "predicted", rates=FAR_RATES))),
            theory=_of(RANDOM, half(smallest_over("width", nearer_rate(by_theory, "predicted", rates=FAR_RATES)))),
        ),
        figure="output-layer",
        wrong=_of(RANDOM, decided_over("width", largest_of, proportional(deviation, "predicted", rates=FAR_RATES))),
    ),
]
