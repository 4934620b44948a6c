"""What the configuration says of nets whose output layer alone is orthogonal, and the constants of the experiment."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import StartSettings, TrainingSettings
from ssl_dynamics.problem.names import Activation, Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

# Nets of one start, the key of their arrays: linear ones of a random start and of both layers at the constrained
# optimum; others by their activation, W_2 at the optimum of their features.
RANDOM, OPTIMUM = "random", "optimum"
CHECKPOINTS = 13  # times at which all are compared; the features grow by a third at most from one to the next
# Times of the figure's curve of random starts, whose change at the start falls between two checkpoints.
CURVE_POINTS = 241
SLOW_STEP = 0.2  # Runge-Kutta step of the slow flow, in units of 1/(2|λ_1|)


class OutputLayer(Settings):
    """Two-layer nets under W_2ᵀW_2 = I, trained until the first layer has grown."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    triplets: Annotated[int, Field(ge=2, description="the first n of the triplets of `points`")]
    activations: Annotated[
        list[Literal["relu", "erf"]], Field(min_length=1, description="activations of nets beside the linear ones")
    ]
    widths: Annotated[
        list[PositiveInt],
        Field(min_length=1, description="widths h, increasing, at least the components of `points`"),
        Increasing,
    ]
    starts: Annotated[int, Field(ge=2, description="independent nets")]
    ratio: Annotated[float, Field(gt=0, lt=1, description="rate κ of the first layer over the width h")]
    growth: Annotated[
        float, Field(gt=1, le=30, description="σ², by which the leading mode of linear nets has grown at the end")
    ]
    step: Annotated[float, Field(gt=0, le=1, description="largest Runge-Kutta step, in units of 1/(2|λ_1|σ²)")]


class DesignSettings(StartSettings):
    """What the stage `design_output_layer` reads of the configuration."""

    loss: Loss
    output_layer: OutputLayer


class SimulateSettings(TrainingSettings):
    """What the stage `simulate_output_layer` reads of the configuration."""

    output_layer: OutputLayer


def activation_of(nets: str) -> Activation:
    """That of the nets of a name."""
    if nets == "relu":
        return "relu"
    return "erf" if nets == "erf" else "identity"
