"""What the configuration says of the first step."""

from typing import Annotated

from pydantic import Field

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.settings import Settings


class FirstStep(Settings):
    """The fall of the loss in one step of gradient descent."""

    step: Annotated[float, Field(gt=0, le=1, description="step size η, in units of 1/‖C‖₂")]


class DesignSettings(StartSettings):
    first_step: FirstStep
