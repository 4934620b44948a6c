"""What the configuration says of the limit of infinite width, and what the stages read of it."""

from typing import Annotated

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings


class KernelLimit(Settings):
    """Distance of the tangent kernels of random two-layer nets from that of infinite width; nothing is trained."""

    losses: Annotated[
        list[Loss], Field(min_length=1, max_length=1, description="a label of the rows: kernels know no loss")
    ]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the output")]
    widths: Annotated[list[PositiveInt], Field(min_length=3, description="widths h")]
    seeds: Annotated[int, Field(ge=2, le=100, description="number of independent repetitions")]
    nets: Annotated[PositiveInt, Field(description="nets of each width in a repetition, whose errors are averaged")]


class SolveSettings(Settings):
    """What the stage `solve_kernel_limit` reads of the configuration."""

    dimension: int


class SimulateSettings(StartSettings):
    """What the stage `simulate_kernel_limit` reads of the configuration."""

    widths: list[int]
    nets: int
