"""Three-layer nets, as data."""

from ssl_dynamics.description import POINTS, Experiment, Family, Figure, Stage, cell, compare_stage, files
from ssl_dynamics.experiments.depth.config import CompareDepthSettings, Depth, DepthSettings, SimulateSettings

DEPTH = Experiment(
    "depth",
    settings=Depth,
    part="infinite-width",
    tables=("depth_drift", "depth_widths", "depth_constrained"),
    on_points=True,
)
CELL = cell("depth")

FAMILY = Family(
    experiments=(DEPTH,),
    stages=(
        Stage(
            rule="simulate_depth",
            function="simulate:simulate",
            settings=SimulateSettings,
            reads={"points": POINTS},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            provenance="simulate",
            message="train three-layer nets",
            memory=4000,
            minutes=20,
        ),
        Stage(
            rule="solve_depth",
            function="solve:solve",
            settings=DepthSettings,
            reads={"points": POINTS},
            writes={"solution": f"{CELL}/solution.npz"},
            provenance="solve",
            message="theory of three-layer nets",
            memory=3000,
        ),
        compare_stage(
            DEPTH,
            rule="compare_depth",
            function="compare:compare",
            settings=CompareDepthSettings,
            reads=files("depth", "trajectories", "solution"),
            memory=2000,
        ),
    ),
    figures=(
        Figure("depth-drift", tables=("depth_drift",)),
        Figure("depth-widths", tables=("depth_widths",)),
        Figure("depth-departure", tables=("depth_widths",)),
        Figure("depth-constrained", tables=("depth_constrained",)),
    ),
)
