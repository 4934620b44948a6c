"""The first step, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings, TrainingSettings
from ssl_dynamics.description import QUADRATIC_FORM, TRIPLETS, Experiment, Family, Figure, Stage, compare_stage, files
from ssl_dynamics.experiments.first_step.config import DesignSettings, FirstStep

FIRST_STEP = Experiment("first_step", settings=FirstStep, part="framework", tables=("falls",))
DESIGN = files("first_step", "design")

FAMILY = Family(
    experiments=(FIRST_STEP,),
    stages=(
        Stage("design_first_step", "design:design", DesignSettings, DESIGN, "starts", reads={"form": QUADRATIC_FORM}),
        Stage("simulate_first_step", "simulate:simulate", TrainingSettings, files("first_step", "trained"),
              "take a step", reads={"triplets": TRIPLETS, **DESIGN}),
        Stage("solve_first_step", "solve:solve", LossSettings, files("first_step", "solution"), "solve",
              reads={"form": QUADRATIC_FORM, **DESIGN}),
        compare_stage(FIRST_STEP, rule="compare_first_step", function="compare:compare", settings=CompareSettings,
                      reads=files("first_step", "trained", "solution")),
    ),
    figures=(Figure("first-step", tables=("falls",)),),
)  # fmt: skip
