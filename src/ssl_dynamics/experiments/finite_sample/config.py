"""What the configuration says of finite samples, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveInt

from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import DatasetSettings, Increasing

SMALL_SQUARE = 0.05  # predicted E ‖δP‖²/2 up to which the span is said to move by its first order
NO_NOISE = 1e-12  # variances below this, relative to the largest, are rounding: coordinates that triplets never have


class FiniteSample(Settings):
    """The span learned from n triplets against that of the population."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    sizes: Annotated[
        list[PositiveInt], Field(min_length=3, description="numbers n of triplets, increasing"), Increasing
    ]
    resamples: Annotated[int, Field(ge=3, description="independent samples of each size")]
    reference: Annotated[PositiveInt, Field(description="triplets in place of a population that is not known")]


class SolveSettings(Settings):
    """What the stage `sample_spans` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings
    loss: Loss
    finite_sample: FiniteSample
