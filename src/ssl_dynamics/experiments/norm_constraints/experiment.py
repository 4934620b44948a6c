"""Training under constraints on norms, as data."""

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
from ssl_dynamics.experiments.norm_constraints.config import DesignSettings, NormConstraints
from ssl_dynamics.settings import Settings

NORM_CONSTRAINTS = Experiment(
    "norm_constraints",
    settings=NormConstraints,
    part="grassmannian",
    tables=("norm_ranks", "norm_grams", "norm_spans"),
    smallest_dimension=2,
)
CELL = cell("norm_constraints")
SCHEDULE = f"{CELL}/schedule.npz"

FAMILY = Family(
    experiments=(NORM_CONSTRAINTS,),
    stages=(
        Stage(
            rule="design_norm_constraints",
            function="design:design",
            settings=DesignSettings,
            reads={"quadratic_form": QUADRATIC_FORM},
            writes={"schedule": SCHEDULE},
            message="starts and the step size",
        ),
        Stage(
            rule="simulate_norm_constraints",
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
            rule="solve_norm_constraints",
            function="solve:solve",
            settings=Settings,
            reads={"triplets": TRIPLETS, "quadratic_form": QUADRATIC_FORM, "schedule": SCHEDULE},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
            memory=2000,
        ),
        compare_stage(
            NORM_CONSTRAINTS,
            rule="compare_norm_constraints",
            function="compare:compare",
            settings=CompareSettings,
            reads={"triplets": TRIPLETS} | files("norm_constraints", "trajectories", "solution", "schedule"),
            memory=2000,
        ),
    ),
    figures=(
        Figure(
            "norm-constraints",
            tables=("norm_ranks",),
            in_paper=True,
            finding="A constraint on the Frobenius norm, or on the lengths of the columns, does not prevent collapse; "
            "a bound on the spectral norm does where λ_z < 0, as orthogonality does. Each follows its closed form.",
        ),
    ),
)
