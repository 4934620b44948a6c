"""What the configuration says of training on fixed kernels, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.step_sizes import Unconstrained

# Regression, in units of 1/‖K‖: the transient in which step sizes are compared, and the step size (stable below 2) at
# which the run at the finest goes on to its end.
TRANSIENT, LATE_STEP = 8.0, 1.0
TRANSIENT_CHECKPOINTS, LATE_CHECKPOINTS = 9, 12
# What claims allow of ln(σ_2/σ_1), extrapolated in the step size twice, over its change; steps use a share of it.
CURVE_ALLOWED, SHARE = 1e-3, 0.25
# Size of the last column of the target over that of the first: its effective rank differs from that of a random start
# by some percent, and no column is as small as what directions with small eigenvalues of K keep of the start.
SMALLEST_COLUMN = 0.4


class Kernel(Settings):
    """Training in function space on fixed kernels: self-supervised, with and without weight decay, and regression."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    triplets: Annotated[int, Field(ge=2, description="the first n triplets of each data set: 3n points")]
    training: Annotated[Unconstrained, Field(description="step sizes in units of 1/‖K^{1/2}AK^{1/2}‖₂")]
    decay: Annotated[PositiveFloat, Field(description="weight decay δ, in units of ‖K^{1/2}AK^{1/2}‖₂")]
    regression_end: Annotated[PositiveInt, Field(description="end of the regression, in units of 1/‖K‖₂")]


class DesignSettings(StartSettings):
    """What the stage `design_kernel` reads of the configuration."""

    loss: Loss
    kernel: Kernel
