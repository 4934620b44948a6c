"""What each stage reads of the configuration: a value that is not in here cannot reach a stage unseen by its rule."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from ssl_dynamics.problem.settings import DatasetSettings, Loss, Settings

Dynamics = Literal["unconstrained", "grassmannian"]


class StepSizes(Settings):
    """Step sizes and horizon of the training runs of one kind of dynamics, in units that fit any spectrum of C."""

    finest_step: Annotated[float, Field(gt=0, lt=0.5, description="finest step size η, in units of 1/‖C‖₂")]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=4, description="number of times at which every step size is compared")]
    max_steps: Annotated[PositiveInt, Field(description="refuse a spectrum that would need more steps than this")]


class Unconstrained(StepSizes):
    """Unconstrained training, until the collapse has gone far (see `pipeline.schedule`)."""

    kind: Literal["unconstrained"] = "unconstrained"


class Grassmannian(StepSizes):
    """Training under WᵀW = I: the transient at every step size, then on to convergence at the coarsest."""

    kind: Literal["grassmannian"] = "grassmannian"
    levels: Annotated[int, Field(ge=5, le=8, description="number of step sizes, each twice the one before")]
    transient: Annotated[
        PositiveFloat, Field(description="length of the transient in which errors are compared, in units of 1/‖C‖₂")
    ]
    convergence: Annotated[
        PositiveFloat, Field(description="end of the coarsest run, in units of 1/(2(λ_{z+1} − λ_z))")
    ]
    late_checkpoints: Annotated[int, Field(ge=2, description="number of times between the transient and that end")]


class Downstream(Settings):
    """Probe accuracy of the constrained model against the closed form, at every checkpoint of its training."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    penalty: Annotated[
        PositiveFloat, Field(description="of the ridge probe, in units of the mean variance of the coordinates of u")
    ]


class CollapseCost(Downstream):
    """Probe accuracy of the constrained model against that of the collapsed one, of PCA and of the raw items."""


class LearningTimes(Settings):
    """When the constrained model acquires each leading eigen-direction."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    step: Annotated[float, Field(gt=0, lt=0.5, description="step size η, in units of 1/‖C‖₂")]
    checkpoints: Annotated[int, Field(ge=10, description="logarithmically spaced over the run")]
    max_steps: Annotated[PositiveInt, Field(description="refuse a spectrum that would need more steps than this")]


class FiniteSample(Settings):
    """The span learned from n triplets against that of the population."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    sizes: Annotated[list[PositiveInt], Field(min_length=3, description="numbers n of triplets, increasing")]
    resamples: Annotated[int, Field(ge=3, description="independent samples of each size")]
    reference: Annotated[PositiveInt, Field(description="triplets in place of a population that is not known")]

    @field_validator("sizes")
    @classmethod
    def _increasing(cls, sizes: list[int]) -> list[int]:
        if sorted(set(sizes)) != sizes:
            raise ValueError("must increase")
        return sizes


class MiniBatch(Settings):
    """Constrained training on batches: its deviation from the flow over step sizes and batch sizes."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    steps: Annotated[list[PositiveFloat], Field(min_length=2, description="step sizes η in units of 1/‖C‖₂, doubling")]
    batches: Annotated[list[PositiveInt], Field(min_length=2, description="batch sizes B, increasing")]
    horizon: Annotated[PositiveFloat, Field(description="length of the runs, in units of 1/‖C‖₂")]
    checkpoints: Annotated[int, Field(ge=2, description="number of times at which the deviation is taken")]

    @field_validator("steps")
    @classmethod
    def _doubling(cls, steps: list[float]) -> list[float]:
        if any(abs(b / a - 2) > 1e-9 for a, b in pairwise(steps)):
            raise ValueError("each must be twice the one before, so that all meet the same times")
        return steps


class TripletsSettings(Settings):
    """What the stage `triplets` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings


class QuadraticFormSettings(Settings):
    """What the stage `quadratic_form` reads of the configuration."""

    loss: Loss


class ScheduleSettings(Settings):
    """What the stage `schedule` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    dynamics: Unconstrained | Grassmannian


class SimulateSettings(Settings):
    """What the stage `simulate` reads of the configuration."""

    loss: Loss
    dynamics: Dynamics


class SolveSettings(Settings):
    """What the stage `solve` reads of the configuration."""

    dynamics: Dynamics


class CompareSettings(Settings):
    """What the stages `compare_…` read of the configuration: the labels of their rows."""

    dataset_name: str
    loss: Loss
    dimension: int


class LabelledSettings(Settings):
    """What the stage `labelled` reads of the configuration."""

    root_seed: int
    dataset: DatasetSettings


class CompareDownstreamSettings(CompareSettings):
    """What the stages `compare_downstream` and `compare_collapse_cost` read of the configuration."""

    penalty: float


class SolveLearningTimesSettings(Settings):
    """What the stage `solve_learning_times` reads of the configuration."""

    learning_times: LearningTimes


class SimulateLearningTimesSettings(Settings):
    """What the stage `simulate_learning_times` reads of the configuration."""

    loss: Loss


class SampleSpansSettings(Settings):
    """What the stage `sample_spans` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings
    loss: Loss
    finite_sample: FiniteSample


class PlanMiniBatchSettings(Settings):
    """What the stage `plan_mini_batch` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    mini_batch: MiniBatch


class SimulateMiniBatchSettings(Settings):
    """What the stage `simulate_mini_batch` reads of the configuration."""

    root_seed: int
    dataset_name: str
    loss: Loss
    dimension: int
    batches: list[int]


class ClaimsSettings(Settings):
    """What the stage `claims` reads of the configuration."""

    root_seed: int
    config_name: str


class FigureSettings(Settings):
    """What the stage `figure` reads of the configuration."""

    figure: str


class TripletFigureSettings(Settings):
    """The stage `triplet_figure` reads nothing of the configuration."""


class NotebookSettings(Settings):
    """The stage `notebook` reads nothing of the configuration."""
