"""What the configuration says of training at finite step sizes, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.step_sizes import Grassmannian

LEVELS = 3  # step sizes for the order of a retraction
TRANSIENT = 6.0  # in units of 1/‖C‖: retractions are compared while errors are large
# Next to a limit, on its right and on its wrong side.
RIEMANNIAN_SIDES = (0.97, 1.01)
ITERATION_SIDES = (0.98, 1.02)
# Orthogonal iteration is followed at this step size, in units of 1/‖C‖: far from the flow.
ITERATION_STEP = 0.1
LEAST_ITERATION_STEPS = 1000
# Of the direction v_d, after the steps that are taken on the right side: a tenth of what the claims allow.
LEFT = 1e-4


class FiniteSteps(Settings):
    """Other retractions, orthogonal iteration and the limits in η, at step sizes and transient of `grassmannian`."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    iteration_steps: Annotated[
        int, Field(ge=LEAST_ITERATION_STEPS, description="steps of orthogonal iteration followed")
    ]
    limit_steps: Annotated[int, Field(ge=100, description="most steps taken next to the limits in η")]


class DesignSettings(StartSettings):
    """What the stage `design_finite_steps` reads of the configuration."""

    grassmannian: Grassmannian
    finite_steps: FiniteSteps
