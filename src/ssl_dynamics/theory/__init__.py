"""Theory: exact solutions of the training dynamics, from C (or a kernel) and W(0). Imports no simulation or loss."""

from ssl_dynamics.theory.acquisition import learning_times, squared_projections
from ssl_dynamics.theory.constrained_nets import (
    arrival,
    constrained_tangent_kernel,
    coupled_form,
    linearised_flow,
    linearised_mismatch_limit,
    random_feature_flow,
    random_feature_regression,
    tangent_drift_limit,
)
from ssl_dynamics.theory.departure import DepartureLaw, blow_up_delay, departure_law
from ssl_dynamics.theory.edge import EdgeOrbit, edge_angle, steps_to_edge_orbit
from ssl_dynamics.theory.gram import (
    GramCurve,
    GramState,
    gram_curve,
    gram_state,
    gram_tangent_kernel,
    gram_velocity,
    kernel_norm,
)
from ssl_dynamics.theory.grassmann import (
    arrival_times,
    grassmann_flow,
    grassmann_tangent,
    leading_eigenspace,
    tangent_bound,
)
from ssl_dynamics.theory.info_nce import info_nce_span
from ssl_dynamics.theory.integration import integrate_grassmann_flow
from ssl_dynamics.theory.iteration import orthogonal_iteration
from ssl_dynamics.theory.kernel import (
    kernel_flow,
    reduced_kernel_flow,
    regression_descent,
    regression_flow,
    top_eigenfunction,
)
from ssl_dynamics.theory.limits import (
    full_width_speed,
    iteration_steps,
    largest_iteration_step,
    largest_riemannian_step,
    riemannian_steps,
)
from ssl_dynamics.theory.noise import GraphNoise, batch_noise, pair_variance
from ssl_dynamics.theory.norm_constraints import (
    spectral_norm_bound,
    unit_column_descent_log_singular_values,
    unit_column_log_singular_values,
)
from ssl_dynamics.theory.output_layer import output_layer_flow, slow_feature_flow
from ssl_dynamics.theory.penalties import largest_penalised_step, least_penalty, safe_penalty, settling_times
from ssl_dynamics.theory.soft_constraint import (
    penalised_gram,
    soft_constraint_flow,
    soft_constraint_limit,
    spectral_contrastive_flow,
)
from ssl_dynamics.theory.solved_flow import SolvedFlow, nearest_mean_accuracies
from ssl_dynamics.theory.stepwise import StepwiseLaw, stepwise_aligned_flow, stepwise_law
from ssl_dynamics.theory.two_layer import (
    integrate_narrow_layers,
    integrate_wide_layers,
    integrate_wide_two_layer_flow,
    wide_two_layer_flow,
    wide_two_layer_span,
)
from ssl_dynamics.theory.unconstrained import (
    descent_log_singular_values,
    log_singular_values,
    unconstrained_flow,
    unconstrained_span,
)
from ssl_dynamics.theory.wide_departure import unreachable_share

__all__ = [
    "DepartureLaw",
    "EdgeOrbit",
    "GramCurve",
    "GramState",
    "GraphNoise",
    "SolvedFlow",
    "StepwiseLaw",
    "arrival",
    "arrival_times",
    "batch_noise",
    "blow_up_delay",
    "constrained_tangent_kernel",
    "coupled_form",
    "departure_law",
    "descent_log_singular_values",
    "edge_angle",
    "full_width_speed",
    "gram_curve",
    "gram_state",
    "gram_tangent_kernel",
    "gram_velocity",
    "grassmann_flow",
    "grassmann_tangent",
    "info_nce_span",
    "integrate_grassmann_flow",
    "integrate_narrow_layers",
    "integrate_wide_layers",
    "integrate_wide_two_layer_flow",
    "iteration_steps",
    "kernel_flow",
    "kernel_norm",
    "largest_iteration_step",
    "largest_penalised_step",
    "largest_riemannian_step",
    "leading_eigenspace",
    "learning_times",
    "least_penalty",
    "linearised_flow",
    "linearised_mismatch_limit",
    "log_singular_values",
    "nearest_mean_accuracies",
    "orthogonal_iteration",
    "output_layer_flow",
    "pair_variance",
    "penalised_gram",
    "random_feature_flow",
    "random_feature_regression",
    "reduced_kernel_flow",
    "regression_descent",
    "regression_flow",
    "riemannian_steps",
    "safe_penalty",
    "settling_times",
    "slow_feature_flow",
    "soft_constraint_flow",
    "soft_constraint_limit",
    "spectral_contrastive_flow",
    "spectral_norm_bound",
    "squared_projections",
    "steps_to_edge_orbit",
    "stepwise_aligned_flow",
    "stepwise_law",
    "tangent_bound",
    "tangent_drift_limit",
    "top_eigenfunction",
    "unconstrained_flow",
    "unconstrained_span",
    "unit_column_descent_log_singular_values",
    "unit_column_log_singular_values",
    "unreachable_share",
    "wide_two_layer_flow",
    "wide_two_layer_span",
]
