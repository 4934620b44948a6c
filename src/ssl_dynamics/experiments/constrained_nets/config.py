"""What the configuration says of constrained nets, and the constants of the experiment."""

import math
from collections.abc import Callable
from typing import Annotated

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.settings import Activation, Increasing, Loss
from ssl_dynamics.settings import Settings

SELF_SUPERVISED, REGRESSION = "self-supervised", "regression"  # objectives
# Rates κ of the first layer, as functions of the width.
UNIT, WIDTH = "unit", "h"
RATES: dict[str, Callable[[int], float]] = {UNIT: lambda _: 1.0, "sqrt(h)": math.sqrt, WIDTH: float}

READ_AT = 8.0  # τ at which Gram errors are judged: nets of every width have escaped from their start
EARLY = 0.5  # τ at which none has yet
LINEAR_WIDTH = 4096  # the width for which the largest error of a prediction is stated; it is of the order 1/h
TAU = (0.0, EARLY, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, READ_AT)  # checkpoints before the end of training


class ConstrainedNets(Settings):
    """Two-layer nets under W_2ᵀW_2 = I, W_1 free, beside two approximations of infinite width."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    triplets: Annotated[int, Field(ge=2, description="the first n of the triplets of `points`")]
    activations: Annotated[list[Activation], Field(min_length=1)]
    widths: Annotated[
        list[PositiveInt], Field(min_length=2, description="widths h, increasing, of nets at rate 1 of W_1"), Increasing
    ]
    side_width: Annotated[
        PositiveInt, Field(description="largest width of nets at the rates √h and h of W_1, and of supervised ones")
    ]
    starts: Annotated[int, Field(ge=2, description="independent nets of each width")]
    step: Annotated[float, Field(gt=0, le=1, description="largest Runge-Kutta step, in units of 1/(2|λ_1|)")]
    convergence: Annotated[
        float,
        Field(
            gt=0, le=1, description="tan θ to the limit, of the flow on features, at which nets at rate 1 of W_1 end"
        ),
    ]
    end: Annotated[int, Field(ge=9, description="latest end of theirs, τ = 2|λ_z|t; the others end at 8")]


class DesignSettings(StartSettings):
    """What the stage `design_constrained_nets` reads of the configuration."""

    loss: Loss
    constrained_nets: ConstrainedNets
