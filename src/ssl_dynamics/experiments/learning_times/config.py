"""What the configuration says of learning times, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveInt

from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings

FIRST = 0.1  # of the first learning time that is predicted: the first checkpoint after the start
AROUND = 1e-3  # half of the criterion: every seed is looked at so much before and after its own predicted times
MARGIN = 1.1  # training goes on a little longer than the last learning time that is predicted


class LearningTimes(Settings):
    """When the constrained model acquires each leading eigen-direction."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    step: Annotated[float, Field(gt=0, le=0.5, description="largest Runge-Kutta step, in units of 1/‖C‖₂")]
    checkpoints: Annotated[int, Field(ge=10, description="logarithmically spaced over the run")]
    max_steps: Annotated[
        PositiveInt, Field(description="most steps: where a spectrum asks for more, training ends with these")
    ]


class SolveSettings(Settings):
    """What the stage `solve` reads of the configuration."""

    learning_times: LearningTimes
