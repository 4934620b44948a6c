"""What the configuration says of the objectives beyond the dot product, and what their stages read of it."""

from typing import Annotated, Literal, get_args

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Device, Objective
from ssl_dynamics.settings import Settings

ARRIVED = 1e-2  # sin θ_max of a span that has arrived at its limit


class Objectives(Settings):
    """Training under WᵀW = I on other objectives, beside the contrastive dot product; InfoNCE at high temperatures."""

    losses: Annotated[
        list[Literal["contrastive"]], Field(min_length=1, max_length=1, description="the dot-product loss beside them")
    ]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    triplets: Annotated[int, Field(ge=4, description="the batch: this many of the data set's first triplets")]
    iterations: Annotated[dict[Objective, PositiveInt], Field(description="most iterations of each objective")]
    tolerance: Annotated[
        float, Field(gt=0, lt=1, description="a descent ends when every seed's gradient is this share of its first")
    ]
    checkpoints: Annotated[int, Field(ge=3, description="number of iterations at which spans are looked at")]
    temperatures: Annotated[
        list[PositiveFloat],
        Field(min_length=3, description="temperatures of InfoNCE, in units of λ_1²/(λ_{z+1} − λ_z) of the in-batch C"),
    ]
    temperature_tolerance: Annotated[float, Field(gt=0, lt=1, description="as `tolerance`, at those temperatures")]
    temperature_iterations: Annotated[
        PositiveInt, Field(description="most iterations: where that takes more, the draw leaves it open")
    ]

    @field_validator("iterations")
    @classmethod
    def _names_every_objective(cls, iterations: dict[Objective, int]) -> dict[Objective, int]:
        if missing := sorted(set(get_args(Objective)) - set(iterations)):
            raise ValueError(f"must name every objective; missing: {', '.join(missing)}")
        return iterations


class DesignSettings(StartSettings):
    """What the stage `design_objectives` reads of the configuration."""

    triplets: int
    temperatures: list[float]


class SimulateSettings(Settings):
    """What the stage `simulate_objectives` reads of the configuration."""

    iterations: dict[Objective, int]
    tolerance: float
    checkpoints: int
    temperature_tolerance: float
    temperature_iterations: int
    device: Device
