"""Training on fixed kernels, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings, TrainingSettings
from ssl_dynamics.description import TRIPLETS, Experiment, Family, Figure, Stage, cell, compare_stage, files
from ssl_dynamics.experiments.kernel.config import DesignSettings, Kernel

KERNEL = Experiment(
    "kernel",
    settings=Kernel,
    part="collapse",
    tables=("kernel_collapse", "kernel_slopes", "kernel_rank", "regression", "regression_rank"),
)
CELL = cell("kernel")
SCHEDULE = f"{CELL}/schedule.npz"

FAMILY = Family(
    experiments=(KERNEL,),
    stages=(
        Stage(
            rule="design_kernel",
            function="solve:design",  # not of design.py, which the simulation reads: step sizes are set by A
            settings=DesignSettings,
            reads={"triplets": TRIPLETS},
            writes={"schedule": SCHEDULE},
            message="kernels, starts and times",
        ),
        Stage(
            rule="simulate_kernel",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"schedule": SCHEDULE},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train on fixed kernels",
            memory=2000,
            minutes=5,
        ),
        Stage(
            rule="solve_kernel",
            function="solve:solve",
            settings=LossSettings,
            reads={"schedule": SCHEDULE},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve on fixed kernels",
            memory=2000,
        ),
        compare_stage(
            KERNEL,
            rule="compare_kernel",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("kernel", "trajectories", "solution", "schedule"),
            memory=2000,
        ),
    ),
    figures=(
        Figure(
            "kernel-collapse",
            tables=("kernel_collapse",),
            finding="On a fixed kernel the trained ratios follow the prediction to {A1-kernel-curve}, and weight "
            "decay changes none of them.",
        ),
        Figure(
            "kernel-rank",
            tables=("kernel_rank",),
            finding="On both kernels self-supervised training collapses; regression from the same weights ends with "
            "the rank of its target.",
        ),
    ),
)
