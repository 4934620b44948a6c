"""Two-layer nets of several widths, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings, PointsSettings
from ssl_dynamics.description import (
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
from ssl_dynamics.experiments.widths.config import DesignSettings, Narrow, SimulateSettings, SolveSettings, Wide

NARROW = Experiment(
    "narrow",
    settings=Narrow,
    part="grassmannian",
    tables=("narrow_errors", "narrow_speeds", "narrow_integration"),
)
WIDE = Experiment(
    "wide",
    settings=Wide,
    part="grassmannian",
    tables=("wide_errors", "wide_starts", "wide_integration"),
)
CELL = cell("{net}")
VIEWS = "{dataset}/{net}/triplets.npz"


def _solve(experiment: Experiment) -> Stage:
    name, own = experiment.name, cell(experiment.name)
    return Stage(
        rule=f"solve_{name}",
        function=f"solve.{name}:solve",
        settings=SolveSettings,
        given={"integrated_numbers": f"{name}.integrated_numbers"},
        reads={
            "quadratic_form": f"{{dataset}}/{{loss}}/{name}/quadratic_form.npz",
            "layers": f"{own}/layers.npz",
        },
        writes={"solution": f"{own}/solution.npz"},
        log="solve",
        message="solve",
        memory=3000,
    )


def _compare(experiment: Experiment) -> Stage:
    own = cell(experiment.name)
    return compare_stage(
        experiment,
        rule=f"compare_{experiment.name}",
        function=f"compare.{experiment.name}:compare",
        settings=CompareSettings,
        reads={name: f"{own}/{name}.npz" for name in ("layers", "trajectories", "solution")},
        memory=3000,
    )


FAMILY = Family(
    experiments=(NARROW, WIDE),
    wildcards={"net": "narrow|wide"},
    stages=(
        Stage(
            rule="net_triplets",
            function="ssl_dynamics.experiments.data.points:points",
            settings=PointsSettings,
            given={"triplets": "dataset_settings.triplets", "components": "{net}.components"},
            reads={"triplets": TRIPLETS},
            writes={"points": VIEWS},
            message="principal components for two-layer nets",
            memory=1500,
            group="problem",
        ),
        Stage(
            rule="net_quadratic_form",
            function="ssl_dynamics.experiments.data.quadratic_form:quadratic_form",
            settings=LossSettings,
            reads={"triplets": VIEWS},
            writes={"quadratic_form": "{dataset}/{loss}/{net}/quadratic_form.npz"},
            message="quadratic form for two-layer nets",
            group="problem",
        ),
        Stage(
            rule="design_widths",
            function="design:design",
            settings=DesignSettings,
            given={"net": "{net}"},
            reads={"quadratic_form": "{dataset}/{loss}/{net}/quadratic_form.npz"},
            writes={"layers": f"{CELL}/layers.npz"},
            message="starts of two-layer nets",
            memory=2000,
        ),
        Stage(
            rule="simulate_layers",
            function="simulate:simulate",
            settings=SimulateSettings,
            given={"kind": "net"},
            reads={"triplets": VIEWS, "layers": f"{CELL}/layers.npz"},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train two-layer nets",
            memory=3000,
            minutes=5,
        ),
        _solve(NARROW),
        _compare(NARROW),
        _solve(WIDE),
        _compare(WIDE),
    ),
    equations=(
        equations_stage(
            NARROW,
            function="compare.narrow:equations",
            settings=CompareSettings,
            reads=files("narrow", "solution"),
            tables=("narrow_integration",),
        ),
        equations_stage(
            WIDE,
            function="compare.wide:equations",
            settings=CompareSettings,
            reads=files("wide", "layers", "solution"),
            tables=("wide_starts", "wide_integration"),
        ),
    ),
    figures=(
        Figure(
            "narrow-errors",
            tables=("narrow_errors",),
            finding="Two-layer nets of every width up to d follow the closed form of one layer, to {A3-narrow-error} "
            "after one extrapolation.",
        ),
        Figure(
            "narrow-speeds",
            tables=("narrow_speeds",),
            in_paper=True,
            finding="On Stiefel manifolds the width sets the speed, as predicted.",
        ),
        Figure(
            "wide-errors",
            tables=("wide_errors",),
            finding="Wide nets follow one equation in which the width does not occur.",
        ),
        Figure(
            "wide-starts",
            tables=("wide_starts",),
            finding="The width enters through the random weights at the start alone: their singular values are "
            "{A3-wide-start} times √(d/h) in size.",
        ),
    ),
)
