"""Training with a penalty in place of the constraint, as data."""

from ssl_dynamics.cells import CompareSettings, TrainingSettings
from ssl_dynamics.description import (
    LABELLED,
    QUADRATIC_FORM,
    TRIPLETS,
    Experiment,
    Family,
    Figure,
    Stage,
    cell,
    compare_stage,
    files,
)
from ssl_dynamics.experiments.soft_constraint.config import (
    AccuracySettings,
    DesignSettings,
    SoftAccuracy,
    SoftConstraint,
)
from ssl_dynamics.settings import Settings

SOFT_CONSTRAINT = Experiment(
    "soft_constraint",
    settings=SoftConstraint,
    part="grassmannian",
    tables=("soft_flow", "soft_span", "soft_rank", "soft_limits", "soft_strong", "soft_distance"),
    smallest_dimension=2,
)
SOFT_ACCURACY = Experiment(
    "soft_accuracy",
    settings=SoftAccuracy,
    part="framework",
    tables=("soft_accuracy",),
    smallest_dimension=2,
    needs_labels=True,
    needs="soft_constraint",
)
CELL = cell("soft_constraint")
SCHEDULE = f"{CELL}/schedule.npz"

FAMILY = Family(
    experiments=(SOFT_CONSTRAINT, SOFT_ACCURACY),
    stages=(
        Stage(
            rule="design_soft_constraint",
            function="solve:design",
            settings=DesignSettings,
            reads={"quadratic_form": QUADRATIC_FORM},
            writes={"schedule": SCHEDULE},
            message="starts, penalties and step sizes",
            memory=2000,
        ),
        Stage(
            rule="simulate_soft_constraint",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"triplets": TRIPLETS, "schedule": SCHEDULE},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train",
            memory=2000,
            minutes=15,
        ),
        Stage(
            rule="solve_soft_constraint",
            function="solve:solve",
            settings=Settings,
            reads={"triplets": TRIPLETS, "quadratic_form": QUADRATIC_FORM, "schedule": SCHEDULE},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
            memory=2000,
        ),
        compare_stage(
            SOFT_CONSTRAINT,
            rule="compare_soft_constraint",
            function="compare.soft_constraint:compare",
            settings=CompareSettings,
            reads={"triplets": TRIPLETS} | files("soft_constraint", "trajectories", "solution", "schedule"),
            memory=2000,
        ),
        compare_stage(
            SOFT_ACCURACY,
            rule="compare_soft_accuracy",
            function="compare.soft_accuracy:compare",
            settings=AccuracySettings,
            reads={"labelled": LABELLED} | files("soft_constraint", "trajectories", "solution", "schedule"),
            given={"penalty": "soft_accuracy.penalty"},
            memory=3000,
        ),
    ),
    figures=(
        Figure(
            "soft-constraint",
            tables=("soft_rank",),
            in_paper=True,
            finding="Under a weak penalty the collapse is transient where λ_2 < 0: the closed form predicts how the "
            "rank falls and how it comes back.",
        ),
        Figure(
            "soft-flow",
            tables=("soft_flow", "soft_span"),
            finding="At every penalty training follows the closed form, to {beyond-soft-flow}, and its span is that "
            "of the constrained flow, to {beyond-soft-span}.",
        ),
        Figure(
            "soft-strong",
            tables=("soft_strong", "soft_distance"),
            finding="At the largest penalty training keeps the predicted distance from the constrained flow, to "
            "{beyond-soft-strong}; it falls as 1/β as the penalty grows.",
        ),
        Figure(
            "soft-limits",
            tables=("soft_limits",),
            in_paper=True,
            finding="Below the penalty λ_k + ω a direction dies, above it training ends at the singular values that "
            "theory predicts, to {beyond-soft-limit}.",
        ),
        Figure(
            "soft-accuracy",
            tables=("soft_accuracy",),
            finding="The closed form predicts the test accuracy at every penalty, to {beyond-soft-accuracy}.",
        ),
    ),
)
