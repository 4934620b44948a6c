"""The departure of linear nets, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings, TrainingSettings
from ssl_dynamics.description import (
    POINTS,
    Experiment,
    Family,
    Figure,
    Stage,
    cell,
    compare_stage,
    equations_stage,
    files,
)
from ssl_dynamics.experiments.departure.config import Departure, DesignSettings

DEPARTURE = Experiment(
    "departure",
    settings=Departure,
    part="tangent-kernel",
    tables=("departure", "blow_up", "fixed_time", "gram_nets"),
    on_points=True,
)
CELL = cell("departure")

FAMILY = Family(
    experiments=(DEPARTURE,),
    stages=(
        Stage(
            rule="design_departure",
            function="design:design",
            settings=DesignSettings,
            reads={"points": POINTS},
            writes={"plan": f"{CELL}/plan.npz"},
            message="Gaussian nets of all widths",
        ),
        Stage(
            rule="simulate_departure",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"points": POINTS, "plan": f"{CELL}/plan.npz"},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train linear nets",
            memory=2000,
            minutes=5,
        ),
        Stage(
            rule="solve_departure",
            function="solve:solve",
            settings=LossSettings,
            reads={"points": POINTS, "plan": f"{CELL}/plan.npz"},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="Gram equations of linear nets",
            minutes=5,
        ),
        compare_stage(
            DEPARTURE,
            rule="compare_departure",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("departure", "plan", "trajectories", "solution"),
        ),
    ),
    equations=(
        equations_stage(
            DEPARTURE,
            function="compare:equations",
            settings=CompareSettings,
            reads=files("departure", "plan", "solution"),
            tables=("departure", "blow_up", "fixed_time"),
        ),
    ),
    figures=(
        Figure(
            "departure",
            tables=("departure",),
            finding="Linear nets of every width leave their tangent kernel after a time that grows as ln h: the slope "
            "over the predicted one is {A4-departure-law}.",
        ),
        Figure("departure-slope", tables=("departure",), in_paper=True),
        Figure(
            "blow-up",
            tables=("blow_up",),
            finding="The blow-up follows the departure after a time that depends neither on the width nor on the seed.",
        ),
        Figure(
            "fixed-time",
            tables=("fixed_time",),
            finding="At a fixed time the drift falls as 1/h (exponent {A4-fixed-time}); at a time that grows with ln "
            "h it does not fall.",
        ),
        Figure(
            "gram-nets",
            tables=("gram_nets",),
            finding="Trained linear nets leave when the equations say, to {A4-gram-nets} of a growth time.",
        ),
    ),
)
