"""Steps beyond the edge of stability, as data."""

from ssl_dynamics.cells import CompareSettings, TrainingSettings
from ssl_dynamics.description import TRIPLETS, Experiment, Family, Figure, Stage, cell, compare_stage, files
from ssl_dynamics.experiments.edge_of_stability.config import DesignSettings, EdgeOfStability, SolveSettings

EDGE_OF_STABILITY = Experiment(
    "edge_of_stability",
    settings=EdgeOfStability,
    part="grassmannian",
    tables=("edge_orbit", "edge_period", "edge_attraction"),
    repetitions="edge_of_stability.starts",
)
CELL = cell("edge_of_stability")
SCHEDULE = f"{CELL}/schedule.npz"

FAMILY = Family(
    experiments=(EDGE_OF_STABILITY,),
    stages=(
        Stage(
            rule="design_edge_of_stability",
            function="solve:design",
            settings=DesignSettings,
            given={"seeds": "edge_of_stability.starts"},
            reads={"triplets": TRIPLETS},
            writes={"schedule": SCHEDULE},
            message="starts, step sizes and the steps to the orbit",
        ),
        Stage(
            rule="simulate_edge_of_stability",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"triplets": TRIPLETS, "schedule": SCHEDULE},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train",
            memory=2000,
        ),
        Stage(
            rule="solve_edge_of_stability",
            function="solve:solve",
            settings=SolveSettings,
            reads={"triplets": TRIPLETS, "schedule": SCHEDULE},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
        ),
        compare_stage(
            EDGE_OF_STABILITY,
            rule="compare_edge_of_stability",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("edge_of_stability", "trajectories", "solution", "schedule"),
        ),
    ),
    figures=(
        Figure(
            "edge-of-stability",
            tables=("edge_orbit",),
            in_paper=True,
            finding="At the steps tried beyond the largest stable one, training alternates between two points whose "
            "angle theory predicts, another one for the exponential map.",
        ),
    ),
)
