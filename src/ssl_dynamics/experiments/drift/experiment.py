"""The drift of wide nets, as data."""

from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.description import POINTS, Experiment, Family, Figure, Stage, cell, compare_stage
from ssl_dynamics.experiments.drift.config import Drift, SimulateSettings, SolveSettings, SupervisedSettings

DRIFT = Experiment(
    "drift",
    settings=Drift,
    part="tangent-kernel",
    tables=("kernel_drift", "departures"),
    on_points=True,
    repetitions="drift.seeds",
)
CELL = cell("drift")
SEEDS = {"seeds": "drift.seeds"}
SUPERVISED = "{dataset}/drift/z{dimension}/supervised.npz"  # regression knows no loss: one run for a data set

FAMILY = Family(
    experiments=(DRIFT,),
    stages=(
        Stage(
            rule="simulate_supervised",
            function="simulate:simulate_supervised",
            settings=SupervisedSettings,
            given=SEEDS,
            reads={"points": POINTS},
            writes={"supervised": SUPERVISED},
            message="train wide nets, supervised",
            memory=2000,
            minutes=10,
            group=None,
        ),
        Stage(
            rule="simulate_drift",
            function="simulate:simulate",
            settings=SimulateSettings,
            given=SEEDS,
            reads={"points": POINTS},
            writes={"trained": f"{CELL}/trained.npz"},
            log="simulate",
            message="train wide nets",
            memory=3000,
            minutes=40,
            group=None,
        ),
        Stage(
            rule="solve_drift",
            function="solve:solve",
            settings=SolveSettings,
            given=SEEDS,
            reads={"points": POINTS},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="growth rates of wide nets",
            memory=2000,
        ),
        compare_stage(
            DRIFT,
            rule="compare_drift",
            function="compare:compare",
            settings=CompareSettings,
            reads={
                "trained": f"{CELL}/trained.npz",
                "supervised": SUPERVISED,
                "solution": f"{CELL}/solution.npz",
            },
            memory=2000,
        ),
    ),
    figures=(
        Figure("kernel-drift", tables=("departures",), in_paper=True),
        Figure("departure-times", tables=("departures",)),
        Figure("after-departure", tables=("kernel_drift",)),
    ),
)
