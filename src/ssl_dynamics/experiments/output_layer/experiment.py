"""Nets whose output layer alone is orthogonal, as data."""

from ssl_dynamics.cells import CompareSettings, LossSettings
from ssl_dynamics.description import POINTS, Experiment, Family, Figure, Stage, cell, compare_stage, files
from ssl_dynamics.experiments.output_layer.config import DesignSettings, OutputLayer, SimulateSettings

OUTPUT_LAYER = Experiment(
    "output_layer",
    settings=OutputLayer,
    part="infinite-width",
    tables=("output_layer", "output_layer_curve"),
    on_points=True,
    repetitions="output_layer.starts",
    smallest_dimension=2,
)
CELL = cell("output_layer")
PLAN = f"{CELL}/plan.npz"

FAMILY = Family(
    experiments=(OUTPUT_LAYER,),
    stages=(
        Stage(
            rule="design_output_layer",
            function="solve:design",
            settings=DesignSettings,
            given={"seeds": "output_layer.starts"},
            reads={"points": POINTS},
            writes={"plan": PLAN},
            message="starts and times of nets whose output layer is orthogonal",
        ),
        Stage(
            rule="simulate_output_layer",
            function="simulate:simulate",
            settings=SimulateSettings,
            reads={"plan": PLAN},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train nets whose output layer is orthogonal",
            memory=2000,
        ),
        Stage(
            rule="solve_output_layer",
            function="solve:solve",
            settings=LossSettings,
            reads={"plan": PLAN},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="slow flows of the first layer",
            memory=2000,
        ),
        compare_stage(
            OUTPUT_LAYER,
            rule="compare_output_layer",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("output_layer", "trajectories", "solution", "plan"),
        ),
    ),
    figures=(
        Figure(
            "output-layer",
            tables=("output_layer", "output_layer_curve"),
            in_paper=True,
            finding="With the output layer alone orthogonal, linear nets leave the constrained optimum on the time h/κ "
            "as predicted: σ_2/σ_1 falls at the rate of collapse.",
        ),
    ),
)
