"""Constrained training at finite step sizes, as data."""

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
from ssl_dynamics.experiments.finite_steps.config import DesignSettings, FiniteSteps
from ssl_dynamics.settings import Settings

FINITE_STEPS = Experiment(
    "finite_steps",
    settings=FiniteSteps,
    part="grassmannian",
    tables=("retractions", "iteration", "drift", "limits"),
)
CELL = cell("finite_steps")

FAMILY = Family(
    experiments=(FINITE_STEPS,),
    stages=(
        Stage(
            rule="design_finite_steps",
            function="solve:design",
            settings=DesignSettings,
            reads={"quadratic_form": QUADRATIC_FORM},
            writes={"schedule": f"{CELL}/schedule.npz"},
            message="starts and step sizes",
            memory=2000,
        ),
        Stage(
            rule="simulate_finite_steps",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"triplets": TRIPLETS, "schedule": f"{CELL}/schedule.npz"},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train",
            memory=2000,
            minutes=15,
        ),
        Stage(
            rule="solve_finite_steps",
            function="solve:solve",
            settings=Settings,
            reads={"quadratic_form": QUADRATIC_FORM, "schedule": f"{CELL}/schedule.npz"},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
            memory=2000,
        ),
        compare_stage(
            FINITE_STEPS,
            rule="compare_finite_steps",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("finite_steps", "trajectories", "solution", "schedule"),
            memory=2000,
        ),
    ),
    figures=(
        Figure(
            "retractions",
            tables=("retractions",),
            finding="Polar and geodesic retractions lead to the same flow, at orders {A3-order-polar} and "
            "{A3-order-geodesic}.",
        ),
        Figure(
            "iteration",
            tables=("iteration",),
            finding="Euclidean steps with QR are orthogonal iteration, to {A3-iteration}.",
        ),
        Figure(
            "drift",
            tables=("drift",),
            finding="Retraction keeps the weights orthonormal to {A2-orthonormality}; without it they drift away.",
        ),
        Figure(
            "limits",
            tables=("limits",),
            finding="On either side of both limits in the step size, training ends where theory says.",
        ),
    ),
)
