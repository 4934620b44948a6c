"""What the configuration says of two-layer nets of several widths, and the constants of the experiments."""

from typing import Annotated, Literal, get_args

from pydantic import Field, PositiveFloat, PositiveInt

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Device, Loss, Metric
from ssl_dynamics.settings import Settings

TwoLayerKind = Literal["narrow", "wide"]

METRICS: tuple[Metric, ...] = get_args(Metric)
SPEEDS = tuple(k / 20 for k in range(16, 45))  # 0.8 … 2.2, where the speed of a narrow net is looked for
LATE = 6.0  # in units of 1/‖C‖: wide nets of every width have reached their limit for the most part


class TwoLayer(Settings):
    """Training of two-layer linear nets of several widths, over the transient."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    finest_step: Annotated[float, Field(gt=0, lt=0.1, description="finest step size η, in units of 1/‖C‖₂")]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=4, description="number of times at which nets and theory are compared")]
    transient: Annotated[PositiveFloat, Field(description="length of training, in units of 1/‖C‖₂")]
    components: Annotated[
        PositiveInt, Field(description="principal components in which the nets see the triplets, at most: their d")
    ]
    integrated_numbers: Annotated[
        PositiveInt,
        Field(
            description="numbers in the first layer, all seeds together, of nets whose layers are integrated, at most"
        ),
    ]


class Narrow(TwoLayer):
    """Nets of width z <= h <= d."""

    kind: Literal["narrow"] = "narrow"
    widths: Annotated[int, Field(ge=2, description="number of widths, spread evenly in log h from z to d")]


class Wide(TwoLayer):
    """Nets of width h >= d."""

    kind: Literal["wide"] = "wide"
    ratios: Annotated[list[PositiveInt], Field(min_length=2, description="widths h, in units of d")]
    draws: Annotated[
        PositiveInt, Field(description="random starts a seed and width whose singular values are measured")
    ]


class DesignSettings(StartSettings):
    """What the stage `design_widths` reads of the configuration."""

    net: Narrow | Wide


class SimulateSettings(Settings):
    """What the stage `simulate_layers` reads of the configuration."""

    loss: Loss
    kind: TwoLayerKind
    device: Device


class SolveSettings(Settings):
    """What the stages `solve_narrow` and `solve_wide` read of the configuration."""

    integrated_numbers: int
