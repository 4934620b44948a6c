"""Theory: exact solutions of the training dynamics, from C and W(0) alone. Never imports the simulation or a loss."""

from ssl_dynamics.theory.acquisition import learning_times, squared_projections
from ssl_dynamics.theory.wide_departure import blow_up_delay, growing_modes, log_size, unreachable_share
from ssl_dynamics.theory.grassmann import grassmann_flow, grassmann_tangent, leading_eigenspace, tangent_bound
from ssl_dynamics.theory.info_nce import info_nce_span
from ssl_dynamics.theory.integration import integrate_grassmann_flow
from ssl_dynamics.theory.iteration import orthogonal_iteration
from ssl_dynamics.theory.kernel import kernel_flow, reduced_kernel_flow, regression_flow, top_eigenfunction
from ssl_dynamics.theory.two_layer import (
    integrate_narrow_layers,
    integrate_wide_layers,
    integrate_wide_two_layer_flow,
    wide_two_layer_flow,
)
from ssl_dynamics.theory.unconstrained import descent_log_singular_values, log_singular_values, unconstrained_flow

__all__ = [
    "blow_up_delay",
    "descent_log_singular_values",
    "grassmann_flow",
    "grassmann_tangent",
    "growing_modes",
    "info_nce_span",
    "integrate_grassmann_flow",
    "integrate_narrow_layers",
    "integrate_wide_layers",
    "integrate_wide_two_layer_flow",
    "kernel_flow",
    "leading_eigenspace",
    "learning_times",
    "log_singular_values",
    "log_size",
    "orthogonal_iteration",
    "reduced_kernel_flow",
    "regression_flow",
    "squared_projections",
    "tangent_bound",
    "top_eigenfunction",
    "unconstrained_flow",
    "unreachable_share",
    "wide_two_layer_flow",
]
