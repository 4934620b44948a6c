"""The first step, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings
from ssl_dynamics.description import Experiment, Family, Figure, Stage, cell, compare_stage
from ssl_dynamics.experiments.first_step.config import DesignSettings, FirstStep

FIRST_STEP = Experiment("first_step", settings=FirstStep, part="framework", tables=("falls",))
READS = {
    "triplets": "{dataset}/triplets.npz",
    "form": "{dataset}/{loss}/quadratic_form.npz",
    **{name: f"{cell('first_step')}/{name}.npz" for name in ("design", "trained", "solution")},
}


def stage(function, settings, reads, writes):
    return Stage(
        f"{function}_first_step", f"{function}:{function}", settings, {writes: READS[writes]}, function, 1000, 2,
        reads={name: READS[name] for name in reads},
    )  # fmt: skip


FAMILY = Family(
    experiments=(FIRST_STEP,),
    stages=(
        stage("design", DesignSettings, ["form"], "design"),
        stage("simulate", LossSettings, ["triplets", "design"], "trained"),
        stage("solve", LossSettings, ["form", "design"], "solution"),
        compare_stage(
            FIRST_STEP, rule="compare_first_step", function="compare:compare", settings=CompareSettings,
            reads={name: READS[name] for name in ("trained", "solution")},
        ),
    ),
    figures=(Figure("first-step", tables=("falls",)),),
)  # fmt: skip
