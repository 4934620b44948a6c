"""Step sizes and horizons of training on the single-layer model and on fixed kernels, as the configuration has them."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from ssl_dynamics.settings import Settings


class StepSizes(Settings):
    """Step sizes and horizon of the training runs of one kind of dynamics, in units that fit any spectrum of C."""

    finest_step: Annotated[float, Field(gt=0, lt=0.5, description="finest step size η, in units of 1/‖C‖₂, at most")]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=4, description="number of times at which every step size is compared")]
    max_steps: Annotated[
        PositiveInt,
        Field(description="most steps of all runs: where a spectrum asks for more, they end earlier"),
    ]


class Unconstrained(StepSizes):
    """Unconstrained training, until the collapse has gone far (see `problem.schedule`)."""

    kind: Literal["unconstrained"] = "unconstrained"


class Grassmannian(StepSizes):
    """Training under WᵀW = I: the transient at every step size, then on to convergence at the coarsest."""

    kind: Literal["grassmannian"] = "grassmannian"
    levels: Annotated[int, Field(ge=5, le=8, description="number of step sizes, each twice the one before")]
    transient: Annotated[
        PositiveFloat, Field(description="length of the transient in which errors are compared, in units of 1/‖C‖₂")
    ]
    convergence: Annotated[
        PositiveFloat, Field(description="end of the coarsest run, in units of 1/(2(λ_{z+1} − λ_z)), at least")
    ]
    late_checkpoints: Annotated[int, Field(ge=2, description="number of times between the transient and that end")]
