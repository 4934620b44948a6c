"""Constrained training at finite step sizes, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings
from ssl_dynamics.description import Experiment, Family, Figure, Stage, cell, compare_stage
from ssl_dynamics.experiments.finite_steps.config import DesignSettings, FiniteSteps
from ssl_dynamics.settings import Settings

FINITE_STEPS = Experiment(
    "finite_steps",
    settings=FiniteSteps,
    part="grassmannian",
    tables=("retractions", "iteration", "drift", "limits"),
)
CELL = cell("finite_steps")
FORM = "{dataset}/{loss}/quadratic_form.npz"

FAMILY = Family(
    experiments=(FINITE_STEPS,),
    stages=(
        Stage(
            rule="design_finite_steps",
            function="solve:design",
            settings=DesignSettings,
            reads={"quadratic_form": FORM},
            writes={"schedule": f"{CELL}/schedule.npz"},
            message="starts and step sizes",
            memory=2000,
            minutes=2,
        ),
        Stage(
            rule="simulate_finite_steps",
            function="simulate:simulate",
            settings=LossSettings,
            reads={"triplets": "{dataset}/triplets.npz", "schedule": f"{CELL}/schedule.npz"},
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
            reads={"quadratic_form": FORM, "schedule": f"{CELL}/schedule.npz"},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
            memory=2000,
            minutes=2,
        ),
        compare_stage(
            FINITE_STEPS,
            rule="compare_finite_steps",
            function="compare:compare",
            settings=CompareSettings,
            reads={name: f"{CELL}/{name}.npz" for name in ("trajectories", "solution", "schedule")},
            memory=2000,
        ),
    ),
    figures=(
        Figure("retractions", tables=("retractions",)),
        Figure("iteration", tables=("iteration",)),
        Figure("drift", tables=("drift",)),
        Figure("limits", tables=("limits",)),
    ),
)
