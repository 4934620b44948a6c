"""What each stage reads of the configuration: a value that is not in here cannot reach a stage unseen by its rule."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

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


class TwoLayer(Settings):
    """Training of two-layer linear nets of several widths, over the transient."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    finest_step: Annotated[float, Field(gt=0, lt=0.1, description="finest step size η, in units of 1/‖C‖₂")]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=4, description="number of times at which nets and theory are compared")]
    transient: Annotated[PositiveFloat, Field(description="length of training, in units of 1/‖C‖₂")]
    trained_numbers: Annotated[
        PositiveInt,
        Field(
            description="numbers in the first layer, all seeds together, at most: a width is trained with as many "
            "seeds as this holds, and left out where it holds none"
        ),
    ]
    integrated_numbers: Annotated[
        PositiveInt,
        Field(description="numbers in the first layer of a net whose layers are integrated (first seed), at most"),
    ]

    def seeds_of(self, numbers: int, seeds: int) -> int:
        """Seeds with which a net whose first layer holds `numbers` is trained."""
        return min(seeds, self.trained_numbers // numbers)


class Narrow(TwoLayer):
    """Nets of width z <= h <= d."""

    kind: Literal["narrow"] = "narrow"
    widths: Annotated[int, Field(ge=2, description="number of widths, spread evenly in log h from z to d")]


class Wide(TwoLayer):
    """Nets of width h >= d."""

    kind: Literal["wide"] = "wide"
    ratios: Annotated[list[PositiveInt], Field(min_length=2, description="widths h, in units of d")]
    draws: Annotated[
        PositiveInt, Field(description="random starts a seed and width whose singular values are measured")
    ]


TwoLayerKind = Literal["narrow", "wide"]


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


class LayersSettings(Settings):
    """What the stage `layers` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    net: Narrow | Wide


class SimulateLayersSettings(Settings):
    """What the stage `simulate_layers` reads of the configuration."""

    loss: Loss
    kind: TwoLayerKind


class SolveLayersSettings(Settings):
    """What the stages `solve_narrow` and `solve_wide` read of the configuration."""

    integrated_numbers: int
