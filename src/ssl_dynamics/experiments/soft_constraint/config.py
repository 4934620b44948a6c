"""What the configuration says of the penalty, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveFloat

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

# Penalties of the figure's curves, in units of ‖C‖, and how long the curves are, in 1/‖C‖.
CURVES = (1e-8, 1e-6, 1e-4, 1e-2, 1.0, 1e1)
CURVE_TIMES = (1e-1, 1e2)
CURVE_POINTS = 81


class SoftConstraint(Settings):
    """Training with the penalty (β/2)‖WᵀW − I‖² in place of the constraint, from the same starts."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    strengths: Annotated[
        list[PositiveFloat], Field(min_length=3, description="β, in units of ‖C‖₂, increasing"), Increasing
    ]
    finest_step: Annotated[
        float, Field(gt=0, lt=0.1, description="finest step size η, in units of 1/(‖C‖₂ + the largest β)")
    ]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=12, description="number of times at which every step size is compared")]
    transient: Annotated[PositiveFloat, Field(description="length of the training, in units of 1/‖C‖₂")]


class DesignSettings(StartSettings):
    """What the stage `design_soft_constraint` reads of the configuration."""

    soft_constraint: SoftConstraint
