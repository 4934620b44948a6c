"""Learning times, as data."""

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
from ssl_dynamics.experiments.learning_times.config import LearningTimes, SolveSettings

LEARNING_TIMES = Experiment("learning_times", settings=LearningTimes, part="framework", tables=("acquisition",))
CELL = cell("learning_times")
GROUP = "learning_times"

FAMILY = Family(
    experiments=(LEARNING_TIMES,),
    stages=(
        Stage(
            rule="solve_learning_times",
            function="solve:solve",
            settings=SolveSettings,
            reads={
                "quadratic_form": QUADRATIC_FORM,
                "schedule": f"{cell('grassmannian')}/schedule.npz",
            },
            writes=files("learning_times", "plan", "solution"),
            provenance="solution",
            log="solve",
            message="solve",
            memory=1500,
            group=GROUP,
        ),
        Stage(
            rule="simulate_learning_times",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"triplets": TRIPLETS, "plan": f"{CELL}/plan.npz"},
            writes={"trajectory": f"{CELL}/trajectory.npz"},
            log="simulate",
            message="train",
            memory=1500,
            minutes=30,
            group=GROUP,
        ),
        compare_stage(
            LEARNING_TIMES,
            rule="compare_learning_times",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("learning_times", "trajectory", "plan", "solution"),
            memory=1500,
            group=GROUP,
        ),
    ),
    figures=(
        Figure(
            "acquisition",
            tables=("acquisition",),
            finding="Directions are learnt when the closed form says, to a relative error of {A5-learning-times}.",
        ),
    ),
)
