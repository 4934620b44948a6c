"""A1 on fixed kernels, beside multivariate regression."""

from collections.abc import Callable
from functools import partial

from ssl_dynamics.claims.common import NEAR_RATE
from ssl_dynamics.claims.measures.collapse import changed_by, collapse_deviation, curve_deviation
from ssl_dynamics.claims.measures.rates import at_error, decided_over, nearer_rate, proportional, scaled
from ssl_dynamics.claims.measures.trajectories import (
    difference,
    half,
    largest_error,
    largest_of,
    largest_over,
    last,
    rank_at,
    relative_error,
    smallest_over,
    where,
)
from ssl_dynamics.claims.rounding import EPSILON, LATE_SLOPE, Rounding
from ssl_dynamics.claims.verdict import Claim, Control, Criterion, Measure
from ssl_dynamics.experiments.kernel.config import CURVE_ALLOWED
from ssl_dynamics.experiments.kernel.measures import change_by_decay, rank_difference
from ssl_dynamics.problem.levels import APART, COLLAPSE_TIME, COLLAPSED

# Of a column of the tables.
CURVE = partial(curve_deviation, extrapolations=2)
TWICE = partial(largest_error, extrapolations=2)
SLOPE = Criterion("<=", 1e-3)  # relative error of a late slope
EXCESS = partial(collapse_deviation, gap_time=COLLAPSE_TIME, collapsed=COLLAPSED)


def slowest_of(column: str) -> Measure:
    """Relative error of the slope of the flow, of the kernel and the weight decay at which it is smallest."""
    return smallest_over("kernel", smallest_over("decay", relative_error(column, "continuous")))


def _over_runs(extreme: Callable[[str, Measure], Measure], measure: Measure) -> Measure:
    """Of the self-supervised runs on every kernel, with weight decay and without."""
    return where(extreme("kernel", extreme("objective", measure)), supervised=False)


REGRESSION_STEPS = 1000  # and some, each with its rounding

CLAIMS = [
    Claim(
        id="A1-kernel-curve",
        source="A1",
        statement="On a fixed kernel K = LLᵀ, ln(σ_2/σ_1)(t) of trained U is that of L exp(−2LᵀALt)L⁺U(0).",
        formula=r"\ln\frac{\sigma_2}{\sigma_1}(U(t))=\ln\frac{\sigma_2}{\sigma_1}"
        r"(Le^{-2L^\top ALt}L^+U(0)),\quad K=LL^\top",
        quantity="largest deviation over the trajectory over the change of the curve, step size extrapolated twice, "
        f"where σ_2/σ_1 is predicted to be at most {APART}, linear kernel and ReLU tangent kernel",
        experiment="kernel",
        table="kernel_collapse",
        measure=largest_over("kernel", CURVE("predicted")),
        statistic="largest",
        criterion=Criterion("<=", CURVE_ALLOWED),
        control=Control(NEAR_RATE, smallest_over("kernel", nearer_rate(CURVE, "predicted"))),
        figure="kernel-collapse",
        wrong=decided_over("kernel", largest_of, proportional(CURVE, "predicted")),
    ),
    Claim(
        id="A1-kernel-collapse",
        source="A1",
        statement="On a fixed kernel, with or without weight decay, every start collapses to a scalar representation "
        "by t = 11.5/(μ_2 − μ_1), μ the eigenvalues of LᵀAL, and its effective rank is that of the solution in "
        "discrete time.",
        formula=r"\ln(\operatorname{erank}U_k-1)=\ln(\operatorname{erank}L\,[I-2\eta(L^\top AL+\delta I)]^kL^+U(0)-1),"
        r"\quad\operatorname{erank}U_k\le1.01\quad\text{at}\quad k\eta=\frac{11.5}{\mu_2-\mu_1}",
        quantity="relative deviation of ln(effective rank − 1) from the prediction at that time; infinite where the "
        f"effective rank is above {COLLAPSED}",
        experiment="kernel",
        table="kernel_rank",
        measure=_over_runs(largest_over, EXCESS("excess_predicted")),
        statistic="largest",
        criterion=Criterion("<=", 1e-4),  # as for A1-collapse
        control=Control(NEAR_RATE, _over_runs(smallest_over, nearer_rate(EXCESS, "excess_predicted"))),
        figure="kernel-rank",
        wrong=where(
            decided_over(["kernel", "objective"], largest_of, proportional(EXCESS, "excess_predicted")),
            supervised=False,
        ),
    ),
    Claim(
        id="A1-kernel-alignment",
        source="A1",
        statement="On a fixed kernel, every output coordinate turns into ± the same function, the top eigenfunction of "
        "KA.",
        formula=r"\max_a\sin\angle(u_a(t),\,Lv_1)=O(e^{-2(\mu_2-\mu_1)t}),\quad KALv_1=\mu_1Lv_1",
        quantity="largest sine of the angle between an output coordinate and Lv_1 at t = 11.5/(μ_2 − μ_1)",
        experiment="kernel",
        table="kernel_rank",
        measure=where(
            largest_over("kernel", largest_over("objective", rank_at(COLLAPSE_TIME, "misalignment"))), supervised=False
        ),
        statistic="largest",
        criterion=Criterion("<=", 1e-3),
        control=Control(
            "multivariate regression on the same kernel, from the same start, at its end",
            where(smallest_over("kernel", last("misalignment")), supervised=True),
        ),
        figure="kernel-rank",
    ),
    Claim(
        id="A1-kernel-slope",
        source="A1",
        statement="On a fixed kernel, with weight decay δ or without, the late slope of ln(σ_2/σ_1) at finite step "
        "size is that of (I − 2η(LᵀAL + δI))^k.",
        formula=r"\frac{\Delta}{\Delta t}\ln\frac{\sigma_2}{\sigma_1}(U_k)="
        r"\frac{\Delta}{\Delta t}\ln\frac{\sigma_2}{\sigma_1}(L\,[I-2\eta(L^\top AL+\delta I)]^kL^+U(0))",
        quantity="largest relative error of the slope between 6 and 11.5 gap times, over all step sizes",
        experiment="kernel",
        table="kernel_slopes",
        measure=relative_error("slope", "discrete"),
        statistic="largest",
        criterion=SLOPE,
        control=Control("the slope of the flow, η → 0", slowest_of("slope"), theory=half(slowest_of("discrete"))),
        figure="kernel-collapse",
        rounding=Rounding(LATE_SLOPE),
        wrong=scaled(relative_error("slope", "discrete"), "discrete"),
    ),
    Claim(
        id="beyond-weight-decay",
        source="beyond",
        statement="Weight decay changes no ratio: it does not prevent the collapse, nor delay it.",
        formula=r"U_\delta(t)=e^{-2\delta t}U_0(t)\quad\Rightarrow\quad"
        r"\frac{\sigma_2}{\sigma_1}(U_\delta(t))=\frac{\sigma_2}{\sigma_1}(U_0(t))",
        quantity="largest change of ln(σ_2/σ_1) by weight decay over that of the curve, step size extrapolated twice, "
        f"where σ_2/σ_1 is predicted to be at most {APART}",
        experiment="kernel",
        table="kernel_collapse",
        measure=largest_over("kernel", at_error(change_by_decay)),
        statistic="largest",
        criterion=Criterion("<=", CURVE_ALLOWED),
        control=Control(
            "ln σ_1 itself, which weight decay does change",
            smallest_over("kernel", changed_by("log_largest", "log_largest_decay", extrapolations=2)),
        ),
        figure="kernel-collapse",
        wrong=decided_over("kernel", largest_of, change_by_decay),
    ),
    Claim(
        id="A1-regression-rank",
        source="A1",
        statement="Multivariate regression on the same kernel, from the same start, does not collapse: its effective "
        "rank is at all times that of Y + (I − ηK)^k (U(0) − Y), which ends with the rank of its target.",
        formula=r"U_k-Y=(I-\eta K)^k(U(0)-Y)\to0\quad\Rightarrow\quad\operatorname{erank}U_k\to\operatorname{erank}Y",
        quantity="largest |effective rank − predicted| over all checkpoints, from the start to the end",
        experiment="kernel",
        table="regression_rank",
        measure=largest_over("kernel", difference("effective_rank", "predicted")),
        statistic="largest",
        # The prediction is exact. A thousand steps and more of rounding ε each, some condition of the rank included.
        criterion=Criterion("<=", 1e-6),
        control=Control("the rank of the flow, η → 0", smallest_over("kernel", difference("effective_rank", "flow"))),
        figure="kernel-rank",
        wrong=decided_over("kernel", largest_of, rank_difference),
        rounding=Rounding(REGRESSION_STEPS * EPSILON),
        every_loss=False,
    ),
    Claim(
        id="A1-regression-flow",
        source="A1",
        statement="Multivariate regression on a fixed kernel follows U(t) = Y + exp(−Kt)(U(0) − Y).",
        formula=r"U(t)=Y+e^{-Kt}(U(0)-Y)",
        quantity="largest ‖U − U'‖_F/‖Y‖_F over the transient, step size extrapolated twice",
        experiment="kernel",
        table="regression",
        measure=largest_over("kernel", TWICE("error")),
        statistic="largest",
        criterion=Criterion("<=", 1e-3),
        control=Control(NEAR_RATE, smallest_over("kernel", nearer_rate(TWICE, "error"))),
        figure="kernel-rank",
        wrong=decided_over("kernel", largest_of, proportional(TWICE, "error")),
        every_loss=False,
    ),
]
