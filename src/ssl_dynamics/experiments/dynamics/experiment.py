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
            function="solve:design",
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
        Figure(
            "collapse",
            tables=("collapse",),
            in_paper=True,
            finding="Trained and predicted curves differ by at most {A1-collapse-curve} of the change of the curve; "
            "the late slope is that of discrete steps.",
        ),
        Figure(
            "rank",
            tables=("rank",),
            in_paper=True,
            finding="Without the constraint every seed ends as a scalar, at the time that theory names; with it the "
            "representation keeps its rank.",
        ),
        Figure(
            "exactness",
            tables=("errors",),
            in_paper=True,
            finding="Training converges to the closed form: its error falls with the step size at order {A3-order-1}, "
            "and after one and two extrapolations at orders {A3-order-2} and {A3-order-3}, down to {A3-error-2}.",
        ),
        Figure("transient", tables=("errors",)),
        Figure(
            "spans",
            tables=("spans",),
            function="transient",
            finding="The span of unconstrained weights is that of the constrained flow, to {A1-same-span}: what is "
            "lost is conditioning, not directions.",
        ),
        Figure(
            "steps",
            tables=("steps",),
            finding="A step leaves the Grassmannian only to second order in the step size: the fitted order is "
            "{A3-horizontal-steps}.",
        ),
        Figure(
            "convergence",
            tables=("angles",),
            finding="Every seed arrives at the leading eigenspace, and stays within the bound on its way.",
        ),
        Figure(
            "integration",
            tables=("integration",),
            finding="The closed form solves the flow: it agrees with numerical integration to {A3-integration}.",
        ),
    ),
)
