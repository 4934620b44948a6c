"""What the configuration says of three-layer nets, and the constants of the experiment."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import CompareSettings, StartSettings, divided
from ssl_dynamics.problem.names import Device, Loss
from ssl_dynamics.settings import Settings

OBJECTIVES = DOT_PRODUCT, REGRESSION = "dot-product", "regression"  # of nets without a constraint
UNIT, WIDTH = "unit", "width"  # rates κ of the layers below a constrained one: 1, and h
# Work of a job, at most, unless it has one run: parameters of its nets × points, at rate h × 10 for its smaller steps.
WORK_OF_A_PART = 3_000_000_000
# Times of ln h/(2μ) within which nets must depart: of the width 32 all but one in 2,000 (docs/theory.md §4). Not more:
# of nets that fit a target, narrow ones depart as well, most of them late.
WITHIN = 3.0
# Growth on the kernel of the start is computed up to this time, in units of 1/(fastest rate), at so many moments.
HORIZON, MOMENTS = 15.0, 301
WIDE = 64  # least width of nets whose drift in regression is predicted: it is small from there on


class Depth(Settings):
    """Three-layer ReLU nets: departure from the tangent kernel, regression, and a constrained last layer."""

    losses: Annotated[list[Literal["contrastive"]], Field(min_length=1, max_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    widths: Annotated[list[PositiveInt], Field(min_length=3, description="widths h of nets without a constraint")]
    step: Annotated[float, Field(gt=0, le=0.5, description="step size, in units of 1/(present growth rate)")]
    fit_step: Annotated[
        float, Field(gt=0, lt=1, description="step size of the regression, in units of 1/(largest rate at the start)")
    ]
    constrained_widths: Annotated[
        list[PositiveInt],
        Field(
            min_length=3, description="widths h of nets with a constrained last layer, far above the time t it takes"
        ),
    ]
    constrained_step: Annotated[
        float,
        Field(gt=0, le=1, description="largest Runge-Kutta step of the constrained training, in units of 1/(2 max|λ|)"),
    ]
    end: Annotated[PositiveInt, Field(description="end of the constrained training, in the time τ")]

    def free_runs(self) -> list[tuple[str, int]]:
        """Objective and width of nets without a constraint."""
        return [(objective, h) for h in self.widths for objective in OBJECTIVES]

    def constrained_runs(self) -> list[tuple[str, int]]:
        """Name of the rate κ, and width: κ = 1 at every width; as a control h, but for the largest width."""
        widths = self.constrained_widths
        return [(UNIT, h) for h in widths] + [(WIDTH, h) for h in widths[:-1]]


class DepthSettings(StartSettings):
    """What the stages `simulate_depth` and `solve_depth` both read of the configuration."""

    loss: Loss
    depth: Depth


class SimulateSettings(DepthSettings):
    """What a job of the stage `simulate_depth` reads of the configuration."""

    triplets: int
    device: Device
    part: int

    def parts(self) -> list[list[tuple[str, int]]]:
        """The trainings of every job."""

        def work(run: tuple[str, int]) -> float:
            name, width = run
            return (10 if name == WIDTH else 1) * self.seeds * width**2 * 3 * self.triplets

        return divided([*self.depth.free_runs(), *self.depth.constrained_runs()], work, WORK_OF_A_PART)


class CompareDepthSettings(CompareSettings):
    """What the stage `compare_depth` reads of the configuration."""

    depth: Depth
