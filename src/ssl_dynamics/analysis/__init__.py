"""Analysis: how to measure spans, ranks, orders and intervals. Knows neither theory nor simulation."""

from ssl_dynamics.analysis.crossings import first_crossing, last_rise
from ssl_dynamics.analysis.draws import Prediction, level_of_extremes, predict, standard_error
from ssl_dynamics.analysis.fits import fitted_order, leading_order
from ssl_dynamics.analysis.inference import INTERVAL_LEVEL, least_probability, mean_interval, not_below, sign_test
from ssl_dynamics.analysis.interpolation import first_passage, interpolated, log_growth
from ssl_dynamics.analysis.learning import half_time
from ssl_dynamics.analysis.probes import Moments, labelled_moments, probe_hits
from ssl_dynamics.analysis.rank import effective_rank, log_excess_rank
from ssl_dynamics.analysis.subspaces import (
    combined_projector_norm,
    combined_span,
    common_coordinates,
    gram_distance,
    graph_over,
    principal_angles,
    projector_distance,
    richardson_weights,
    sines_to,
    span_distance,
)

__all__ = [
    "INTERVAL_LEVEL",
    "Moments",
    "Prediction",
    "combined_projector_norm",
    "combined_span",
    "common_coordinates",
    "effective_rank",
    "first_crossing",
    "first_passage",
    "fitted_order",
    "gram_distance",
    "graph_over",
    "half_time",
    "interpolated",
    "labelled_moments",
    "last_rise",
    "leading_order",
    "least_probability",
    "level_of_extremes",
    "log_excess_rank",
    "log_growth",
    "mean_interval",
    "not_below",
    "predict",
    "principal_angles",
    "probe_hits",
    "projector_distance",
    "richardson_weights",
    "sign_test",
    "sines_to",
    "span_distance",
    "standard_error",
]
