"""What the configuration says of the spectral contrastive loss."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings


class SpectralContrastive(Settings):
    """Training on the spectral contrastive loss, all pairs of views, on a few triplets in whitened components."""

    losses: Annotated[list[Loss], Field(min_length=1, description="one: the triplets are the same for all")]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    triplets: Annotated[int, Field(ge=2, description="the first n triplets: 2n views, all pairs of which are compared")]
    components: Annotated[PositiveInt, Field(description="leading principal components kept, at most")]
    finest_step: Annotated[float, Field(gt=0, lt=0.02, description="finest step size η; the fastest rate is 8 at most")]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=12, description="number of times at which every step size is compared")]
    transient: Annotated[PositiveFloat, Field(description="length of the training")]


class DesignSettings(StartSettings):
    """What the stage `design_spectral_contrastive` reads of the configuration."""

    spectral_contrastive: SpectralContrastive
