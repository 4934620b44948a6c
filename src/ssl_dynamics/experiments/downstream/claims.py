"""A5 downstream: what the exact dynamics predict of accuracy, and what the collapse costs."""

from ssl_dynamics.claims.common import QUARTER_RATE
from ssl_dynamics.claims.measures.counts import one_of_the_tested
from ssl_dynamics.claims.measures.rates import proportional
from ssl_dynamics.claims.measures.trajectories import half
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.downstream.measures import (
    chance_of_gain,
    excess_over_two_classes,
    extrapolated_difference,
    gained_or_lost,
    one_over_two_classes,
)
from ssl_dynamics.problem.levels import FAR_RATES

CLAIMS = [
    Claim(
        id="A5-accuracy",
        source="A5",
        statement="The closed form alone predicts the test accuracy of the trained constrained model through its "
        "transient, and at its end.",
        formula=r"\operatorname{accuracy}(2P_\eta(t)-P_{2\eta}(t))=\operatorname{accuracy}(P(t)),\quad "
        r"P(t)\;\text{onto}\;\operatorname{span}e^{-2Ct}W(0)",
        quantity="largest |predicted − trained| accuracy over the checkpoints of the transient and the last one, of a "
        "ridge probe (penalty 0.01 times the mean variance of the coordinates, one scale for all) and the nearest "
        "class mean, the projector extrapolated to η → 0 once over the transient",
        experiment="downstream",
        table="accuracy",
        measure=extrapolated_difference("predicted"),
        statistic="largest",
        # What is left is of second order in η, 1e−3 of the projector: a few test items near a boundary of classes.
        criterion=Criterion("<=", 0.01),
        # No nearer: half the rate moves 2 % of the items over a boundary on too few seeds (docs/theory.md §5).
        control=Control(
            QUARTER_RATE,
            extrapolated_difference("predicted_control"),
            theory=half(extrapolated_difference("predicted", of="predicted_control")),
            one_item=one_of_the_tested("extrapolated", "predicted_control"),
        ),
        figure="downstream",
        one_item=one_of_the_tested("extrapolated", "predicted"),
        wrong=proportional(extrapolated_difference, "predicted", rates=FAR_RATES),
    ),
    Claim(
        id="A5-collapsed-accuracy",
        source="A5",
        statement="A ridge probe on a collapsed model names two of K classes of one size: its accuracy is at most 2/K.",
        formula=r"\operatorname{rank}U=1,\;\pi_1=\dots=\pi_K\quad\Rightarrow\quad\operatorname{accuracy}\le\frac2K",
        quantity="final ridge accuracy less the share s of the two largest classes, 2/K of K classes of one size, over "
        "its standard error √(s(1 − s)/m), for m test items",
        experiment="collapse_cost",
        table="probes",
        measure=excess_over_two_classes("collapsed"),
        statistic="largest",
        # Of classes of one size it is at most 0. Of others a third may get items in between, on an interval as short as
        # their sizes are alike: for these, in overlapping classes, three standard errors (docs/theory.md §5).
        criterion=Criterion("<=", 3),
        control=Control(
            "the same probe on the raw items", excess_over_two_classes("items"), one_item=one_over_two_classes
        ),
        one_item=one_over_two_classes,
        figure="probes",
        # Without the constraint every start ends in one direction, with it in one span: so do the probes.
        every_seed=False,
    ),
    Claim(
        id="A5-cost-of-collapse",
        source="A5",
        statement="Collapse costs a probe accuracy: the constrained model gets more test items right than the "
        "collapsed one.",
        formula=r"\operatorname{accuracy}_{\text{constrained}}>\operatorname{accuracy}_{\text{collapsed}}",
        quantity="p-value of the exact sign test over the test items that only one of both gets right, ridge probe at "
        "the end",
        experiment="collapse_cost",
        table="probes",
        measure=chance_of_gain("collapsed"),
        statistic="largest",
        criterion=Criterion("<=", 0.01),
        control=Control(
            "the constrained model itself, one checkpoint before",
            chance_of_gain("before"),
            one_item=gained_or_lost("before"),
        ),
        one_item=gained_or_lost("collapsed"),
        figure="probes",
        every_seed=False,
    ),
]
