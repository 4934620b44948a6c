"""What the configuration says of the drift of wide nets, and what the stages read of it."""

from typing import Annotated

from pydantic import Field, PositiveInt, model_validator

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.settings import Activation, Device, Increasing, Loss
from ssl_dynamics.settings import Settings

# Growth on the kernel of the start is computed up to this time, in units of 1/(fastest rate), at so many moments.
HORIZON, MOMENTS = 10.0, 201
# Times of ln h/(2μ) within which nets must depart. Of t = [½ ln h + c − ln a]/μ, a the size of z normal variables and c
# near 0, a is too small for that in one net in 1,000 of width 32, one in 100,000 of width 256.
WITHIN = 3.0
GROWN = 0.25  # drifts are compared when outputs on the kernel of the start have moved by so many √h (root mean square)


class Cosine(Settings):
    """Training with cosine similarity, which takes the most steps."""

    triplets: Annotated[int, Field(ge=2, description="the first so many of the points")]
    hidden_units: Annotated[PositiveInt, Field(description="as `drift.hidden_units`, for these nets")]


class Drift(Settings):
    """Trained nets of large width: how far their tangent kernels move, supervised, by dot product and by cosine."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    activations: Annotated[list[Activation], Field(min_length=1)]
    widths: Annotated[list[PositiveInt], Field(min_length=3, description="widths h, increasing"), Increasing]
    seeds: Annotated[int, Field(ge=2, le=100, description="number of random starts at widths that they suffice for")]
    hidden_units: Annotated[
        PositiveInt,
        Field(description="hidden units of all seeds together, at most: wider nets are trained with fewer seeds"),
    ]
    step: Annotated[
        float, Field(gt=0, le=0.5, description="step size in units of 1/(growth rate of the outputs), dot product")
    ]
    cosine: Cosine

    @model_validator(mode="after")
    def _a_seed_at_every_width(self) -> "Drift":
        enough = self.cosine.hidden_units // self.widths[1]
        if enough < self.seeds:
            raise ValueError(
                f"cosine.hidden_units is enough for {enough} nets of the second width, not for {self.seeds}"
            )
        fewest = min(self.hidden_units, self.cosine.hidden_units)
        if fewest < self.widths[-1]:
            raise ValueError(f"hidden_units is {fewest}: not enough for a net of width {self.widths[-1]}")
        if self.cosine.hidden_units > self.hidden_units:
            raise ValueError(f"cosine.hidden_units must not exceed hidden_units, {self.hidden_units}")
        if fewest // self.widths[1] < self.seeds:
            raise ValueError(
                f"hidden_units is {fewest}: not enough for {self.seeds} seeds at a second width, {self.widths[1]}, "
                "without which a seed has no exponent"
            )
        return self

    def seeds_of(self, width: int, seeds: int) -> int:
        """Seeds with which a width is trained."""
        return min(seeds, self.hidden_units // width)


class NetsSettings(StartSettings):
    """What all stages of the experiment read of the configuration: which nets there are."""

    drift: Drift


class SupervisedSettings(NetsSettings):
    """What the stage `simulate_supervised` reads of the configuration: regression knows no loss."""

    device: Device


class SolveSettings(NetsSettings):
    """What the stage `solve_drift` reads of the configuration."""

    loss: Loss


class SimulateSettings(SolveSettings):
    """What the stage `simulate_drift` reads of the configuration."""

    device: Device
