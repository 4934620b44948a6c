"""What the configuration says of constraints on norms, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings

FROBENIUS, COLUMNS, SPECTRAL, ORTHOGONAL = "Frobenius norm", "unit columns", "spectral norm", "orthogonality"
CONSTRAINTS = (FROBENIUS, COLUMNS, SPECTRAL, ORTHOGONAL)

# Training ends where steps have shrunk σ_2/σ_1 by e^{−END}, but for what the start adds: ten times more than its
# effective rank takes to fall to 1.01, and float64 still holds it.
END = 16.0
CHECKPOINTS = 40  # their counts of steps grow by the same factor, so that the rapid turns at the start are seen
# ln(effective rank − 1) down to which it is compared: σ_2/σ_1 is near 6e−8 there.
FLOOR = -14.0
# σ_z/σ_1 of weights down to which their spans are compared: float64 knows them to ε of σ_1.
WORST_CONDITION = 1e-8


class NormConstraints(Settings):
    """Training under constraints on norms, and under orthogonality, from the same starts."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    step: Annotated[float, Field(gt=0, le=0.25, description="step size η, in units of 1/‖C‖₂")]
    max_steps: Annotated[PositiveInt, Field(description="most steps under each of the four constraints")]


class DesignSettings(StartSettings):
    """What the stage `design_norm_constraints` reads of the configuration."""

    norm_constraints: NormConstraints
