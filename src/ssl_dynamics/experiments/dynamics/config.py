"""What the stages of the single-layer dynamics read of the configuration."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Device, Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained

Dynamics = Literal["unconstrained", "grassmannian"]
# Angles of this size are rounding: float64 holds 1e−16 of each of up to 784 coordinates, after thousands of steps.
# Added after a first result, in which a bound of 1e−17 was compared with the rounding of an angle.
ROUNDING = 1e-12
# What claims allow of projectors, extrapolated in the step size once and twice; steps use at most a share of it.
ONCE_ALLOWED, TWICE_ALLOWED = 1e-3, 2e-4
SAME_SPAN = 1e-3  # of spans of unconstrained weights, extrapolated twice
SHARE = 0.25
ARRIVED = 1e-2  # tan θ_max of a span that has arrived at its limit
# In units of the time in which the slowest start gets there: coarse steps err by up to a third of a rate.
ARRIVAL_MARGIN = 1.5
# Spans are compared while σ_z/σ_1 of the weights, as predicted, is larger: rounding moves them by 1e−16 over this.
WORST_CONDITION = 1e-8


class UnconstrainedOverride(Settings):
    """Of one data set, in place of the value in `unconstrained`."""

    finest_step: Annotated[float, Field(gt=0, lt=0.5)]


class GrassmannianOverride(Settings):
    """Of one data set, in place of the values in `grassmannian`."""

    finest_step: Annotated[float | None, Field(gt=0, lt=0.5)] = None
    transient: PositiveFloat | None = None


class DesignSettings(StartSettings):
    """What the stage `design_dynamics` reads of the configuration."""

    dynamics: Unconstrained | Grassmannian


class SimulateSettings(Settings):
    """What the stage `simulate` reads of the configuration."""

    loss: Loss
    dynamics: Dynamics
    device: Device


class SolveSettings(Settings):
    """What the stage `solve` reads of the configuration."""

    dynamics: Dynamics
