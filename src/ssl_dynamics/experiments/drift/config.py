"""What the configuration says of the drift of wide nets, and what the stages read of it."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, PositiveInt, model_validator

from ssl_dynamics.cells import StartSettings, divided
from ssl_dynamics.problem.names import Activation, Device, Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

# Growth on the kernel of the start is computed up to this time, in units of 1/(fastest rate), at so many moments.
HORIZON, MOMENTS = 10.0, 201
WIDE = (
    256  # least width of nets whose drift is predicted: what is left out of the prediction is of the order of the drift
)
# Times of ln h/(2μ) within which nets must depart. Of t = [½ ln h + ln(c/a)]/μ, a the size of z = 2 normal variables
# and c near 1, a is too small for that in one net of width 32 of 65,000; for 3 in the place of 4, in one of 2,000.
WITHIN = 4.0
# Step size of the regression in units of n/λ_max(Θ∞): stable below 2, with room for kernels of narrow nets.
REGRESSION_STEP = 0.8
COSINE_STEP = 0.4  # step size of the bounded loss, in units of 1/(growth rate of the outputs at the start)
# When drifts with cosine similarity are compared, in units of 1/(growth rate of the outputs at the start): outputs have
# turned by then, and few have come near zero, where the flow is singular and amplifies what differs.
COSINE_TIME = 3.0
# Hidden units, at most, of nets that are trained side by side: they are in memory at one time, and the end of one is a
# moment at which the drift of all is measured.
TOGETHER = 32_768
# Work of a job, at most, unless it has one batch: hidden units of its nets × points × their dimension, so many more
# units in each batch for what its steps cost at any width. In the quick configuration one job does it all.
UNITS_OF_A_BATCH = 8_000
WORK_OF_A_PART = 800_000_000


# The part of the kernel whose drift is predicted: that of both layers, of ReLU that of the output layer. The other one
# holds the units' gates, of which tens open and close in training: one more or less is a tenth of its drift.
PREDICTED: dict[Activation, Literal["all", "second"]] = {"identity": "all", "relu": "second", "erf": "all"}


class Batch(NamedTuple):
    """Nets that are trained side by side: of one activation, one width, and these seeds."""

    activation: Activation
    width: int
    seeds: range


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

    def cosine_seeds(self, batch: Batch) -> range:
        """Those of a batch that are trained by cosine similarity as well: the first of their width."""
        return batch.seeds[: max(0, self.cosine.hidden_units // batch.width - batch.seeds.start)]


class NetsSettings(StartSettings):
    """What all stages of the experiment read of the configuration: which nets there are."""

    drift: Drift

    def batches(self) -> list[Batch]:
        """All nets, in the order of the rows of tables."""
        return [
            Batch(activation, width, range(first, min(first + together, seeds)))
            for width in self.drift.widths
            for seeds, together in [(self.drift.seeds_of(width, self.seeds), max(1, TOGETHER // width))]
            for first in range(0, seeds, together)
            for activation in self.drift.activations
        ]


class PartSettings(NetsSettings):
    """What a job that trains a part of the nets reads of the configuration."""

    triplets: int
    components: int
    device: Device
    part: int

    def points(self) -> int:
        """How many points, in R^components, nets are trained on."""
        return self.triplets

    def parts(self) -> list[list[Batch]]:
        """The batches of every job."""
        numbers = self.points() * self.components

        def work(batch: Batch) -> float:
            return (batch.width * len(batch.seeds) + UNITS_OF_A_BATCH) * numbers

        return divided(self.batches(), work, WORK_OF_A_PART)


class SupervisedSettings(PartSettings):
    """What a job of the stage `simulate_supervised` reads: regression, on the anchors, knows no loss."""


class SolveSettings(NetsSettings):
    """What the stage `solve_drift` reads of the configuration."""

    loss: Loss


class SimulateSettings(PartSettings):
    """What a job of the stage `simulate_drift` reads of the configuration."""

    loss: Loss

    def points(self) -> int:
        """Anchors, positives and, if the loss knows any, negatives."""
        return (3 if self.loss == "contrastive" else 2) * self.triplets
