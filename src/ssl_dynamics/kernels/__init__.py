"""Kernels: fixed models, known analytically. They see points alone: no loss, no dynamics."""

from ssl_dynamics.kernels.fluctuation import unit_variance
from ssl_dynamics.kernels.infinite_width import Block, infinite_width_ntk, linear_kernel
from ssl_dynamics.kernels.two_layer import features, two_layer_ntk, two_layer_ntk_trace

__all__ = [
    "Block",
    "features",
    "infinite_width_ntk",
    "linear_kernel",
    "two_layer_ntk",
    "two_layer_ntk_trace",
    "unit_variance",
]
