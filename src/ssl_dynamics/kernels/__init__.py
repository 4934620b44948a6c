"""Kernels: fixed models, known analytically. They see points and weights alone: no loss, no dynamics."""

from ssl_dynamics.kernels.infinite_width import Activation, Block, infinite_width_ntk, linear_kernel
from ssl_dynamics.kernels.two_layer import two_layer_ntk, two_layer_ntk_trace

__all__ = ["Activation", "Block", "infinite_width_ntk", "linear_kernel", "two_layer_ntk", "two_layer_ntk_trace"]
