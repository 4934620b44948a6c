"""The drift of wide nets, as data."""

from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.description import POINTS, Experiment, Family, Figure, Stage, cell, compare_stage
from ssl_dynamics.experiments.drift.config import (
    Drift,
    NetsSettings,
    SimulateSettings,
    SolveSettings,
    SupervisedSettings,
)

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
POINTS_TRAINED_ON = {name: f"points.{name}" for name in ("triplets", "components")}
TRAINED = f"{CELL}/trained/{{part}}.npz"
# Regression knows no loss: one run for a data set.
SUPERVISED = "{dataset}/drift/z{dimension}/supervised/{part}.npz"
SUPERVISED_SOLUTION = "{dataset}/drift/z{dimension}/supervised_solution.npz"

FAMILY = Family(
    experiments=(DRIFT,),
    stages=(
        Stage(
            rule="simulate_supervised",
            function="simulate:simulate_supervised",
            settings=SupervisedSettings,
            given=SEEDS | POINTS_TRAINED_ON,
            reads={"points": POINTS},
            writes={"supervised": SUPERVISED},
            parts=SupervisedSettings.parts,
            message="train wide nets, supervised",
            memory=2000,
            minutes=10,
            group=None,
        ),
        Stage(
            rule="simulate_drift",
            function="simulate:simulate",
            settings=SimulateSettings,
            given=SEEDS | POINTS_TRAINED_ON,
            reads={"points": POINTS},
            writes={"trained": TRAINED},
            parts=SimulateSettings.parts,
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
        Stage(
            rule="solve_supervised",
            function="solve:solve_supervised",
            settings=NetsSettings,
            given=SEEDS,
            reads={"points": POINTS},
            writes={"supervised": SUPERVISED_SOLUTION},
            message="drift of wide nets, supervised, by the kernels of their starts",
            memory=2000,
            minutes=10,
        ),
        compare_stage(
            DRIFT,
            rule="compare_drift",
            function="compare:compare",
            settings=CompareSettings,
            reads={
                "trained": TRAINED,
                "supervised": SUPERVISED,
                "supervised_solution": SUPERVISED_SOLUTION,
                "solution": f"{CELL}/solution.npz",
            },
            memory=2000,
        ),
    ),
    figures=(
        Figure(
            "kernel-drift",
            tables=("departures",),
            in_paper=True,
            finding="Supervised nets and nets trained on cosine similarity keep their tangent kernel; on the dot "
            "product, nets of every width leave it.",
        ),
        Figure(
            "departure-times",
            tables=("departures",),
            finding="Trained nets leave when the law says: the slope in ln h is {A4-departure-time-relu} for ReLU and "
            "{A4-departure-time-erf} for erf.",
        ),
        Figure(
            "after-departure",
            tables=("kernel_drift",),
            finding="After their departure, linear and ReLU nets blow up in finite time; erf nets do not.",
        ),
    ),
)
