"""What the configuration says of stepwise learning, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings

FIRST, MARGIN = 0.5, 1.1  # of the first and of the last step that is predicted: the first checkpoint, and the end
ALIGNED = (1e-2, 1e-1)  # squared sizes γ_k s_k(0)² of aligned starts are drawn between these
ALIGNED_END = 10.0  # in units of 1/(8γ_z): the slowest mode of an aligned start then lacks e^{−10}·99 = 0.5 %
SHORT_CHECKPOINTS = 32
# Relative error of a step's time that steps and interpolation may cause: Runge-Kutta steps of 1/(8γ_1) grow the fastest
# mode by e^{1/2}, less (1/2)⁴/120 = 5e−4 of the rate.
TIME_TOLERANCE = 1e-3
RESOLVED = 0.02  # relative error up to which other modes may shift a step that stands apart
MISSED_TOLERANCE = 0.01  # of what has been learned


class Stepwise(Settings):
    """Learning one mode after another on ‖(1/n) Σ sym(u_i u_i⁺ᵀ) − I‖², from small, aligned and large starts."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    scale: Annotated[float, Field(ge=1e-50, le=1e-3, description="entries of small starts, in units of 1/√γ_1")]
    step: Annotated[float, Field(gt=0, le=1, description="largest Runge-Kutta step, in units of 1/(8γ_1)")]
    checkpoints: Annotated[int, Field(ge=10, description="logarithmically spaced over the run")]
    max_steps: Annotated[
        int, Field(ge=100, description="most steps: where a spectrum asks for more, training ends with these")
    ]


class SolveSettings(StartSettings):
    """What the stage `solve_stepwise` reads of the configuration."""

    stepwise: Stepwise
