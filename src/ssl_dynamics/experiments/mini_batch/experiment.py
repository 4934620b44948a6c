"""Training on batches, as data."""

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
    files,
)
from ssl_dynamics.experiments.mini_batch.config import DesignSettings, MiniBatch, SimulateSettings

MINI_BATCH = Experiment(
    "mini_batch",
    settings=MiniBatch,
    part="framework",
    tables=("noise",),
    repetitions="mini_batch.starts",
)
CELL = cell("mini_batch")

FAMILY = Family(
    experiments=(MINI_BATCH,),
    stages=(
        Stage(
            rule="design_mini_batch",
            function="solve:design",
            settings=DesignSettings,
            given={"seeds": "mini_batch.starts"},
            reads={"quadratic_form": QUADRATIC_FORM, "triplets": TRIPLETS},
            writes={"plan": f"{CELL}/plan.npz", "solution": f"{CELL}/solution.npz"},
            message="starts, times, closed form and the noise of batches",
            memory=1500,
        ),
        Stage(
            rule="simulate_mini_batch",
            function="simulate:simulate",
            settings=SimulateSettings,
            given={"steps": "mini_batch.steps", "batches": "mini_batch.batches"},
            reads={"triplets": TRIPLETS, "plan": f"{CELL}/plan.npz"},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train on batches",
            memory=1500,
            minutes=5,
        ),
        compare_stage(
            MINI_BATCH,
            rule="compare_mini_batch",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("mini_batch", "trajectories", "plan", "solution"),
            memory=1500,
        ),
    ),
    figures=(
        Figure(
            "mini-batch",
            tables=("noise",),
            finding="Training on batches deviates from the flow as predicted: measured over predicted size is "
            "{beyond-batch-noise}.",
        ),
    ),
)
