"""Three-layer nets, as data."""

from ssl_dynamics.description import POINTS, Experiment, Family, Figure, Stage, cell, compare_stage
from ssl_dynamics.experiments.depth.config import CompareDepthSettings, Depth, DepthSettings, SimulateSettings

DEPTH = Experiment(
    "depth",
    settings=Depth,
    part="infinite-width",
    tables=("depth_drift", "depth_widths", "depth_constrained"),
    on_points=True,
)
CELL = cell("depth")
TRAJECTORIES = f"{CELL}/trajectories/{{part}}.npz"

FAMILY = Family(
    experiments=(DEPTH,),
    stages=(
        Stage(
            rule="simulate_depth",
            function="simulate:simulate",
            settings=SimulateSettings,
            given={"triplets": "points.triplets"},
            reads={"points": POINTS},
            writes={"trajectories": TRAJECTORIES},
            parts=SimulateSettings.parts,
            message="train three-layer nets",
            memory=4000,
            minutes=20,
            group=None,
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
            reads={"trajectories": TRAJECTORIES, "solution": f"{CELL}/solution.npz"},
            memory=2000,
        ),
    ),
    figures=(
        Figure(
            "depth-drift",
            tables=("depth_drift",),
            finding="On the dot product, three-layer nets of every width leave their tangent kernel.",
        ),
        Figure(
            "depth-widths",
            tables=("depth_widths",),
            finding="Where three-layer nets fit a target, the kernel of wide ones drifts by "
            "{follow-up-depth-supervised} times what theory predicts.",
        ),
        Figure("depth-departure", tables=("depth_widths",)),
        Figure(
            "depth-constrained",
            tables=("depth_constrained",),
            finding="With the last layer constrained, the features of wide three-layer nets stay near their start: "
            "they drift by {follow-up-depth-feature-drift}.",
        ),
    ),
)
