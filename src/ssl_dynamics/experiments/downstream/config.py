"""What the configuration says of probes on labelled items."""

from typing import Annotated

from pydantic import Field, PositiveFloat

from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings


class Downstream(Settings):
    """Probe accuracy of the constrained model against the closed form, at every checkpoint of its training."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    penalty: Annotated[
        PositiveFloat, Field(description="of the ridge probe, in units of the mean variance of the coordinates of u")
    ]


class CollapseCost(Downstream):
    """Probe accuracy of the constrained model against that of the collapsed one, of PCA and of the raw items."""


class ProbeSettings(CompareSettings):
    """What both comparisons read of the configuration."""

    penalty: float
