"""What the configuration says of the departure of linear nets, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveInt, model_validator

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

# Times at which the drift is read at every width, in units of 1/μ: one for all, and one that goes with the logarithm of
# the width, which no start with an amplitude below 2e = 5.4 survives its blow-up to miss.
FIXED_TIME, BEFORE_LOGARITHM = 2.0, 1.0
LATEST = 8.0  # nets are trained until (ln h/2 + 8)/μ at most: amplitudes down to 1e−3 will have departed
# Where ‖C‖ is larger than |λ_1|, steps are as much smaller, and as many more: this many times at most. It is a bound on
# time: training takes a quarter of a minute a cell in full where both are equal, so five minutes at this ratio.
MOST_TIMES = 20.0
WIDE = 2**18  # nets from this width on are wide
# The law leaves out all modes but one, whose squares over its own are of the order h^{−(1 − λ_2/λ_1)} at the departure.
# It is judged where they sum to at most 0.004 for every start: from 2^16 where λ_2/λ_1 = 1/2, from 2^40 where it is
# 0.8, if all modes start alike. The equations cost the same at any width: three such widths are added, 2^8 apart, where
# the configuration has not as many, up to 2^900, which is enough for λ_2/λ_1 = 0.99; float64 ends at 2^1024.
SECOND_MODE = 0.004
ADDED, APART, LARGEST = 3, 8, 900


class Departure(Settings):
    """When two-layer linear nets leave their tangent kernel: Gram equations at any width, and training at some."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    log2_widths: Annotated[
        list[Annotated[int, Field(ge=1, le=50)]],
        Field(min_length=2, description="binary logarithms of the widths h >= d + z, increasing"),
        Increasing,
    ]
    log2_trained: Annotated[
        list[PositiveInt], Field(min_length=1, description="those of the widths at which nets are trained as well")
    ]
    finest_step: Annotated[float, Field(gt=0, description="finest step size η, in units of 1/μ, μ = 4|λ_1|/d")]
    levels: Annotated[int, Field(ge=3, le=6, description="number of step sizes, each twice the one before")]

    @model_validator(mode="after")
    def _trained_are_solved(self) -> "Departure":
        if unknown := sorted(set(self.log2_trained) - set(self.log2_widths)):
            raise ValueError(f"log2_trained names {unknown}, which log2_widths does not")
        coarsest = self.finest_step * 2 ** (self.levels - 1)
        if coarsest > 0.1:  # the crossing is found between looks at the nets, one each coarsest step
            raise ValueError(f"finest_step · 2^(levels − 1) must be at most 0.1; got {coarsest:.6g}")
        return self


class DesignSettings(StartSettings):
    """What the stage `design` reads of the configuration."""

    loss: Loss
    departure: Departure
