"""What the configuration says of constrained nets, and the constants of the experiment."""

import math
from collections.abc import Callable, Collection, Iterator
from typing import Annotated, NamedTuple, get_args

from pydantic import Field, PositiveInt

from ssl_dynamics.cells import StartSettings, TrainingSettings, divided
from ssl_dynamics.problem.names import Activation, Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

SELF_SUPERVISED, REGRESSION = "self-supervised", "regression"  # objectives
# Rates κ of the first layer, as functions of the width.
UNIT, WIDTH = "unit", "h"
RATES: dict[str, Callable[[int], float]] = {UNIT: lambda _: 1.0, "sqrt(h)": math.sqrt, WIDTH: float}

READ_AT = 8.0  # τ at which Gram errors are judged: nets of every width have escaped from their start
EARLY = 0.5  # τ at which none has yet
LINEAR_WIDTH = 4096  # the width for which the largest error of a prediction is stated; it is of the order 1/h
# Work of a job, at most, unless it has one run: hidden units of its nets × points × their dimension.
WORK_OF_A_PART = 600_000_000
TAU = (0.0, EARLY, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, READ_AT)  # checkpoints before the end of training


class Run(NamedTuple):
    """Nets of one width, all seeds: what they are and how they are trained, which is the key of their arrays."""

    activation: Activation
    objective: str
    rate_name: str
    width: int

    @property
    def rate(self) -> float:
        """κ."""
        return RATES[self.rate_name](self.width)

    @property
    def reaches_the_end(self) -> bool:
        """Whether training goes on to the limit of its tangent kernel, which is slow where λ_{z+1}/λ_z is near 1."""
        return self.objective == SELF_SUPERVISED and self.rate_name == UNIT


def ordered(activations: Collection[str]) -> list[Activation]:
    """Those of the experiment, in one order for all configurations."""
    return [name for name in get_args(Activation) if name in activations]


def runs_of(activations: Collection[str], widths: Collection[int], side_width: int) -> Iterator[Run]:
    """Self-supervised at rate 1, nets of every width; at other rates and in regression those up to `side_width`."""
    for activation in ordered(activations):
        for width in widths:
            yield Run(activation, SELF_SUPERVISED, UNIT, width)
            if width <= side_width:
                yield from (Run(activation, SELF_SUPERVISED, rate, width) for rate in RATES if rate != UNIT)
                yield Run(activation, REGRESSION, UNIT, width)


class ConstrainedNets(Settings):
    """Two-layer nets under W_2ᵀW_2 = I, W_1 free, beside two approximations of infinite width."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    triplets: Annotated[int, Field(ge=2, description="the first n of the triplets of `points`")]
    activations: Annotated[list[Activation], Field(min_length=1)]
    widths: Annotated[
        list[PositiveInt], Field(min_length=2, description="widths h, increasing, of nets at rate 1 of W_1"), Increasing
    ]
    side_width: Annotated[
        PositiveInt, Field(description="largest width of nets at the rates √h and h of W_1, and of supervised ones")
    ]
    starts: Annotated[int, Field(ge=2, description="independent nets of each width")]
    step: Annotated[float, Field(gt=0, le=1, description="largest Runge-Kutta step, in units of 1/(2|λ_1|)")]
    convergence: Annotated[
        float,
        Field(
            gt=0, le=1, description="tan θ to the limit, of the flow on features, at which nets at rate 1 of W_1 end"
        ),
    ]
    end: Annotated[int, Field(ge=9, description="latest end of theirs, τ = 2|λ_z|t; the others end at 8")]


class DesignSettings(StartSettings):
    """What the stage `design_constrained_nets` reads of the configuration."""

    loss: Loss
    constrained_nets: ConstrainedNets


class SimulateSettings(TrainingSettings):
    """What a job of the stage `simulate_constrained_nets` reads of the configuration."""

    constrained_nets: ConstrainedNets
    components: int
    part: int

    def parts(self) -> list[list[Run]]:
        """The runs of every job."""
        nets = self.constrained_nets
        points = (3 if self.loss == "contrastive" else 2) * nets.triplets
        runs = runs_of(nets.activations, nets.widths, nets.side_width)
        return divided(runs, lambda run: nets.starts * run.width * points * self.components, WORK_OF_A_PART)
