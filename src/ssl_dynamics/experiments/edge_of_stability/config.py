"""What the configuration says of steps beyond the edge of stability, and the constants of the experiment."""

from typing import Annotated

from pydantic import Field

from ssl_dynamics.cells import StartSettings
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import Increasing

# Retractions, and the one whose orbit they have: QR and polar retraction lead to the same span.
ORBITS = {"qr": "qr", "polar": "qr", "geodesic": "geodesic"}
# Steps below the edge, in units of 1/(λ_d − λ_1): trained for the figure alone.
BELOW = (0.9, 0.97)
# To which, and over how many steps, the angles must tell ηΔ by the steps of the theory, before training ends.
WITHIN, LASTING = 1e-3, 20
# Starts beside the orbit: their distance from it, and the steps that they take.
DISPLACEMENT = 1e-7
BESIDE_STEPS = 4
# Of the figure's curves: up to which ηΔ, at how many.
CURVE_END, CURVE_POINTS = 1.55, 112


class EdgeOfStability(Settings):
    """Riemannian steps beyond the largest stable one, 1/(λ_d − λ_1), from random starts and from beside their orbit."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
    triplets: Annotated[int, Field(ge=2, description="the first so many triplets are trained on")]
    starts: Annotated[int, Field(ge=2, description="random starts, trained side by side")]
    step_sizes: Annotated[
        list[Annotated[float, Field(gt=1, le=1.5)]],
        Field(min_length=2, description="step sizes η, in units of 1/(λ_d − λ_1), increasing"),
        Increasing,
    ]
    most_steps: Annotated[int, Field(ge=100, description="most steps taken towards the orbit")]


class DesignSettings(StartSettings):
    """What the stage `design_edge_of_stability` reads of the configuration."""

    loss: Loss
    edge_of_stability: EdgeOfStability


class SolveSettings(Settings):
    """What the stage `solve_edge_of_stability` reads of the configuration."""

    loss: Loss
