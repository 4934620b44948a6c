"""Constrained nets, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings
from ssl_dynamics.description import POINTS, Experiment, Family, Figure, Stage, cell, compare_stage
from ssl_dynamics.experiments.constrained_nets.config import ConstrainedNets, DesignSettings, SimulateSettings

CONSTRAINED_NETS = Experiment(
    "constrained_nets",
    settings=ConstrainedNets,
    part="infinite-width",
    tables=("constrained_nets",),
    on_points=True,
    repetitions="constrained_nets.starts",
)
CELL = cell("constrained_nets")
# All that simulation and theory share: points, starts, targets, times.
PLAN = f"{CELL}/plan.npz"
TRAJECTORIES = f"{CELL}/trajectories/{{part}}.npz"
SOLUTION = f"{CELL}/solution.npz"

FAMILY = Family(
    experiments=(CONSTRAINED_NETS,),
    stages=(
        Stage(
            rule="design_constrained_nets",
            function="solve:design",
            settings=DesignSettings,
            given={"seeds": "constrained_nets.starts"},
            reads={"points": POINTS},
            writes={"plan": PLAN},
            message="starts and times of constrained nets",
            group="problem",
        ),
        Stage(
            rule="simulate_constrained_nets",
            function="simulate:simulate",
            settings=SimulateSettings,
            given={"components": "points.components"},
            reads={"plan": PLAN},
            writes={"trajectories": TRAJECTORIES},
            parts=SimulateSettings.parts,
            message="train constrained nets",
            memory=3000,
            minutes=20,
            group=None,
        ),
        Stage(
            rule="solve_constrained_nets",
            function="solve:solve",
            settings=LossSettings,
            reads={"plan": PLAN},
            writes={"solution": SOLUTION},
            log="solve",
            message="approximations of constrained nets",
            memory=3000,
        ),
        compare_stage(
            CONSTRAINED_NETS,
            rule="compare_constrained_nets",
            function="compare:compare",
            settings=CompareSettings,
            reads={"trajectories": TRAJECTORIES, "solution": SOLUTION, "plan": PLAN},
            memory=2000,
        ),
    ),
    figures=(
        Figure(
            "constrained-nets",
            tables=("constrained_nets",),
            in_paper=True,
            finding="The flow on frozen features becomes exact as nets widen; the model linearised at the start stays "
            "wrong.",
        ),
        Figure("constrained-drift", tables=("constrained_nets",)),
    ),
)
