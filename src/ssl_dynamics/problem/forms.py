"""The quadratic form of what a loss sees of triplets."""

from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.quadratic import quadratic_form
from ssl_dynamics.problem.triplets import Array, Triplets


def factors_of(triplets: Triplets, loss: Loss) -> tuple[Array, Array]:
    """x and y (n, d) of each triplet, whose form is ½(xyᵀ + yxᵀ): C is their mean (docs/theory.md §1)."""
    if loss == "contrastive":
        return triplets.anchor, triplets.negative - triplets.positive
    return triplets.anchor, -triplets.positive


def form_of(triplets: Triplets, loss: Loss) -> Array:
    """C of the linear model (d, d)."""
    negative = triplets.negative if loss == "contrastive" else None
    return quadratic_form(triplets.anchor, triplets.positive, negative, loss=loss)
