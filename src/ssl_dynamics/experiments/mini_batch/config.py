"""What the configuration says of training on batches, and the constants of the experiment."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Device, Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

NO_NOISE = 1e-12  # variances below this, relative to the largest, are rounding: coordinates that triplets never have
SMALL_DEVIATION = 0.15  # predicted deviations up to which noise is said to add up linearly


class MiniBatch(Settings):
    """Constrained training on batches: its deviation from the flow over step sizes and batch sizes."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    steps: Annotated[list[PositiveFloat], Field(min_length=2, description="step sizes η in units of 1/‖C‖₂, doubling")]
    batches: Annotated[list[PositiveInt], Field(min_length=2, description="batch sizes B, increasing"), Increasing]
    starts: Annotated[int, Field(ge=2, description="starts, each with batches of its own")]
    horizon: Annotated[PositiveFloat, Field(description="length of the runs, in units of 1/‖C‖₂")]
    checkpoints: Annotated[int, Field(ge=2, description="number of times at which the deviation is taken")]

    @field_validator("steps")
    @classmethod
    def _doubling(cls, steps: list[float]) -> list[float]:
        if any(abs(b / a - 2) > 1e-9 for a, b in pairwise(steps)):
            raise ValueError("each must be twice the one before, so that all meet the same times")
        return steps


class DesignSettings(StartSettings):
    """What the stage `design_mini_batch` reads of the configuration."""

    loss: Loss
    mini_batch: MiniBatch


class SimulateSettings(Settings):
    """What the stage `simulate_mini_batch` reads of the configuration."""

    root_seed: int
    dataset_name: str
    loss: Loss
    dimension: int
    steps: list[float]
    batches: list[int]
    device: Device
