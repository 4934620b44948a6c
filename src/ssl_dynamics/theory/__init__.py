"""Theory: exact solutions of the training dynamics, from C and W(0) alone. Never imports the simulation or a loss."""

from ssl_dynamics.theory.acquisition import learning_times, squared_projections
from ssl_dynamics.theory.grassmann import grassmann_flow, grassmann_tangent, leading_eigenspace, tangent_bound
from ssl_dynamics.theory.integration import integrate_grassmann_flow
from ssl_dynamics.theory.iteration import orthogonal_iteration
from ssl_dynamics.theory.two_layer import integrate_wide_two_layer_flow, wide_two_layer_flow
from ssl_dynamics.theory.unconstrained import log_singular_values, unconstrained_flow

__all__ = [
    "grassmann_flow",
    "grassmann_tangent",
    "integrate_grassmann_flow",
    "integrate_wide_two_layer_flow",
    "leading_eigenspace",
    "learning_times",
    "log_singular_values",
    "orthogonal_iteration",
    "squared_projections",
    "tangent_bound",
    "unconstrained_flow",
    "wide_two_layer_flow",
]
