"""The objectives beyond the dot product, as data."""

from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.description import TRIPLETS, Experiment, Family, Figure, Stage, cell, compare_stage, files
from ssl_dynamics.experiments.objectives.config import DesignSettings, Objectives, SimulateSettings
from ssl_dynamics.settings import Settings

OBJECTIVES = Experiment(
    "objectives",
    settings=Objectives,
    part="framework",
    tables=("objectives", "learning", "temperatures"),
)
CELL = cell("objectives")
SCHEDULE = f"{CELL}/schedule.npz"

FAMILY = Family(
    experiments=(OBJECTIVES,),
    stages=(
        Stage(
            rule="design_objectives",
            function="solve:design",
            settings=DesignSettings,
            given={name: f"objectives.{name}" for name in ("triplets", "temperatures")},
            reads={"triplets": TRIPLETS},
            writes={"schedule": SCHEDULE},
            message="starts and temperatures",
        ),
        Stage(
            rule="simulate_objectives",
            function="simulate:simulate",
            settings=SimulateSettings,
            given={
                name: f"objectives.{name}" for name in SimulateSettings.model_fields if name in Objectives.model_fields
            },
            reads={"triplets": TRIPLETS, "schedule": SCHEDULE},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train",
            memory=3000,
            minutes=10,
        ),
        Stage(
            rule="solve_objectives",
            function="solve:solve",
            settings=Settings,
            reads={"triplets": TRIPLETS, "schedule": SCHEDULE},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
        ),
        compare_stage(
            OBJECTIVES,
            rule="compare_objectives",
            function="compare:compare",
            settings=CompareSettings,
            reads={"triplets": TRIPLETS} | files("objectives", "schedule", "trajectories", "solution"),
            memory=1500,
        ),
        Stage(
            rule="objectives_table",
            function="compare:summarise",
            settings=Settings,
            collects=("objectives", "learning"),
            writes={"table": "tables/objectives.csv"},
            message="table of the objectives",
            group="report",
        ),
    ),
    figures=(
        Figure(
            "objectives",
            tables=("objectives",),
            finding="Training on the dot product ends in the leading eigenspace; training on InfoNCE does not.",
        ),
        Figure(
            "temperatures",
            tables=("temperatures",),
            finding="InfoNCE's minimiser tends to the leading eigenspace at order {beyond-infonce-limit} in 1/τ, and "
            "to the predicted departure from it at order {beyond-infonce-departure}.",
        ),
    ),
)
