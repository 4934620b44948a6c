"""The single-layer dynamics, as data."""

from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.description import (
    QUADRATIC_FORM,
    TRIPLETS,
    Experiment,
    Family,
    Figure,
    Stage,
    cell,
    compare_stage,
    equations_stage,
    files,
)
from ssl_dynamics.experiments.dynamics.config import (
    DesignSettings,
    GrassmannianOverride,
    SimulateSettings,
    SolveSettings,
    UnconstrainedOverride,
)
from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained

UNCONSTRAINED = Experiment(
    "unconstrained",
    settings=Unconstrained,
    override=UnconstrainedOverride,
    required=True,
    part="collapse",
    tables=("collapse", "rank", "slopes", "spans"),
    smallest_dimension=2,  # a single dimension cannot collapse further
)
GRASSMANNIAN = Experiment(
    "grassmannian",
    settings=Grassmannian,
    override=GrassmannianOverride,
    required=True,
    part="grassmannian",
    tables=("errors", "steps", "angles", "integration", "rank"),
)
CELL = cell("{dynamics}")


def _compare(experiment: Experiment) -> Stage:
    own = cell(experiment.name)
    return compare_stage(
        experiment,
        rule=f"compare_{experiment.name}",
        function=f"compare.{experiment.name}:compare",
        settings=CompareSettings,
        reads={"triplets": TRIPLETS} | {name: f"{own}/{name}.npz" for name in ("schedule", "trajectories", "solution")},
        memory=3000,
    )


FAMILY = Family(
    experiments=(UNCONSTRAINED, GRASSMANNIAN),
    wildcards={"dynamics": "unconstrained|grassmannian"},
    stages=(
        Stage(
            rule="design_dynamics",
            function="design:design",
            settings=DesignSettings,
            given={"dynamics": "{dynamics}"},
            reads={"quadratic_form": QUADRATIC_FORM},
            writes={"schedule": f"{CELL}/schedule.npz"},
            message="starts and times",
        ),
        Stage(
            rule="simulate",
            function="simulate:simulate",
            settings=SimulateSettings,
            reads={"triplets": TRIPLETS, "schedule": f"{CELL}/schedule.npz"},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train",
            memory=3000,
            minutes=30,
        ),
        Stage(
            rule="solve",
            function="solve:solve",
            settings=SolveSettings,
            reads={"quadratic_form": QUADRATIC_FORM, "triplets": TRIPLETS, "schedule": f"{CELL}/schedule.npz"},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
            memory=3000,
        ),
        _compare(UNCONSTRAINED),
        _compare(GRASSMANNIAN),
    ),
    equations=(
        equations_stage(
            GRASSMANNIAN,
            function="compare.grassmannian:equations",
            settings=CompareSettings,
            reads=files("grassmannian", "solution"),
            tables=("integration",),
        ),
    ),
    figures=(
        Figure("collapse", tables=("collapse",), in_paper=True),
        Figure("rank", tables=("rank",), in_paper=True),
        Figure("exactness", tables=("errors",), in_paper=True),
        Figure("transient", tables=("errors",)),
        Figure("spans", tables=("spans",), function="transient"),
        Figure("steps", tables=("steps",)),
        Figure("convergence", tables=("angles",)),
        Figure("integration", tables=("integration",)),
    ),
)
