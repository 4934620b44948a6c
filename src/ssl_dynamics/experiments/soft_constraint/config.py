"""What the configuration says of the penalty, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field, PositiveFloat

from ssl_dynamics.cells import CompareSettings, StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

# Penalties of the figure's curves beside those that are trained, in units of ‖C‖; how long the curves are, in 1/‖C‖.
CURVES = (1e-8, 1e-6, 1e-4, 1e-2, 1.0)
CURVE_TIMES = (1e-1, 1e2)
CURVE_POINTS = 81

# Penalties, in units of ‖C‖, at which the closed form is compared with what it tends to for β → ∞, at the same times.
STRONG = (1e2, 1e3, 1e4, 1e5)

# Share of what the start leaves at the largest penalty, e^{−4(β − λ_d)t}, from which on training is compared with that.
SETTLED = 1e-5

# Limits are trained with weight decay, L + ω‖W‖²: ω in units of ‖C‖. It adds ω to every λ_k, without which few or none
# are positive, and no direction of C dies under any penalty; the larger, the wider apart are the sides of λ_k + ω.
DECAY = 4.0
# Penalties lie on both sides of λ_k + ω, k ≤ z, by this share of it, or half-way to the next where that is nearer; and
# above λ_{z+1} + ω.
SIDE = 0.05
LEFT = 1e-5  # of singular values, away from their limit, at the end of the training: a tenth of what the claim allows
DEAD = 1e-2  # a singular value below it does not count for the rank
STABLE = 0.5  # step size, in units of the largest that converges at the largest penalty
LIMIT_POINTS = 121  # of the curves of the limit over β
# The start is orthonormal but for this factor, so that the first steps are those of a linear equation: from weights of
# size 1 a step of this size would overshoot, and what has shrunk too far comes back slowly.
LIMIT_START = 0.1
# A linear step multiplies directions by 1 + 2ηa, 2ηa ≤ STABLE, and is slower than the flow by 1 + STABLE at most.
MARGIN = 1 + STABLE

EVERY = 2  # probes are asked at every other checkpoint


class SoftConstraint(Settings):
    """Training with the penalty (β/2)‖WᵀW − I‖² in place of the constraint, from the same starts."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    strengths: Annotated[
        list[PositiveFloat], Field(min_length=3, description="β, in units of ‖C‖₂, increasing"), Increasing
    ]
    finest_step: Annotated[
        float, Field(gt=0, lt=0.1, description="finest step size η, in units of 1/(‖C‖₂ + the largest β)")
    ]
    levels: Annotated[int, Field(ge=5, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=12, description="number of times at which every step size is compared")]
    transient: Annotated[PositiveFloat, Field(description="length of the training, in units of 1/‖C‖₂")]
    limit_steps: Annotated[int, Field(ge=100, description="most steps of the training to the limits")]


class SoftAccuracy(Settings):
    """Probe accuracy of what `soft_constraint` has trained, at every penalty and time, against the closed form."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
    penalty: Annotated[
        PositiveFloat, Field(description="of the ridge probe, in units of the mean variance of the coordinates of u")
    ]


class AccuracySettings(CompareSettings):
    """What the stage `compare_soft_accuracy` reads of the configuration."""

    penalty: float


class DesignSettings(StartSettings):
    """What the stage `design_soft_constraint` reads of the configuration."""

    soft_constraint: SoftConstraint
