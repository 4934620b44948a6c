"""Training with a penalty in place of the constraint, as data."""

from ssl_dynamics.cells import CompareSettings, TrainingSettings
from ssl_dynamics.description import (
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
from ssl_dynamics.experiments.soft_constraint.config import DesignSettings, SoftConstraint
from ssl_dynamics.settings import Settings

SOFT_CONSTRAINT = Experiment(
    "soft_constraint",
    settings=SoftConstraint,
    part="grassmannian",
    tables=("soft_flow", "soft_span", "soft_rank"),
    smallest_dimension=2,
)
CELL = cell("soft_constraint")
SCHEDULE = f"{CELL}/schedule.npz"

FAMILY = Family(
    experiments=(SOFT_CONSTRAINT,),
    stages=(
        Stage(
            rule="design_soft_constraint",
            function="design:design",
            settings=DesignSettings,
            reads={"quadratic_form": QUADRATIC_FORM},
            writes={"schedule": SCHEDULE},
            message="starts, penalties and step sizes",
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
            function="compare:compare",
            settings=CompareSettings,
            reads={"triplets": TRIPLETS} | files("soft_constraint", "trajectories", "solution", "schedule"),
            memory=2000,
        ),
    ),
    figures=(
        Figure(
            "soft-constraint",
            tables=("soft_rank",),
            in_paper=True,
            finding="Under a weak penalty the collapse is transient: the closed form predicts how the rank falls and "
            "how it comes back.",
        ),
        Figure(
            "soft-flow",
            tables=("soft_flow", "soft_span"),
            finding="At every penalty training follows the closed form, to {beyond-soft-flow}, and its span is that "
            "of the constrained flow, to {beyond-soft-span}.",
        ),
    ),
)
