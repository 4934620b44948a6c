"""Stepwise learning, as data."""

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
from ssl_dynamics.experiments.stepwise.config import SolveSettings, Stepwise

STEPWISE = Experiment(
    "stepwise",
    settings=Stepwise,
    part="framework",
    tables=("stepwise_aligned", "stepwise_modes", "stepwise_curves"),
    smallest_dimension=2,
)
CELL = cell("stepwise")

FAMILY = Family(
    experiments=(STEPWISE,),
    stages=(
        Stage(
            rule="solve_stepwise",
            function="solve:solve",
            settings=SolveSettings,
            reads={"quadratic_form": QUADRATIC_FORM},
            writes=files("stepwise", "plan", "solution"),
            provenance="solution",
            log="solve",
            message="solve",
        ),
        Stage(
            rule="simulate_stepwise",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"triplets": TRIPLETS, "plan": f"{CELL}/plan.npz"},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train",
            memory=1500,
            minutes=15,
        ),
        compare_stage(
            STEPWISE,
            rule="compare_stepwise",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("stepwise", "trajectories", "plan", "solution"),
        ),
    ),
    figures=(
        Figure(
            "stepwise",
            tables=("stepwise_curves",),
            in_paper=True,
            finding="Small starts learn one mode after another, in the order of the eigenvalues and at the times that "
            "the closed form predicts.",
        ),
    ),
)
