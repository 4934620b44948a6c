"""What the configuration says of three-layer nets, and the constants of the experiment."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import CompareSettings, StartSettings
from ssl_dynamics.problem.settings import Device, Loss
from ssl_dynamics.settings import Settings

OBJECTIVES = DOT_PRODUCT, REGRESSION = "dot-product", "regression"  # of nets without a constraint
UNIT, WIDTH = "unit", "width"  # rates κ of the layers below a constrained one: 1, and h
# Growth on the kernel of the start is computed up to this time, in units of 1/(fastest rate), at so many moments.
HORIZON, MOMENTS = 15.0, 301
WITHIN = 3.0  # times of ln h/(2μ) within which nets must depart, as those of two layers


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

    def constrained_runs(self) -> list[tuple[int, str, float]]:
        """Width, name of the rate, and κ: 1 at every width; as a control h, but for the largest width."""
        widths = self.constrained_widths
        return [(h, UNIT, 1.0) for h in widths] + [(h, WIDTH, float(h)) for h in widths[:-1]]


class DepthSettings(StartSettings):
    """What the stages `simulate_depth` and `solve_depth` both read of the configuration."""

    loss: Loss
    depth: Depth


class SimulateSettings(DepthSettings):
    """What the stage `simulate_depth` reads of the configuration."""

    device: Device


class CompareDepthSettings(CompareSettings):
    """What the stage `compare_depth` reads of the configuration."""

    depth: Depth
