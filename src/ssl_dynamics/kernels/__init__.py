"""Kernels: fixed models, known analytically. They see points alone: no loss, no dynamics."""

from ssl_dynamics.kernels.infinite_width import infinite_width_ntk, linear_kernel
from ssl_dynamics.kernels.two_layer import two_layer_ntk
from ssl_dynamics.problem.settings import Activation

__all__ = ["Activation", "infinite_width_ntk", "linear_kernel", "two_layer_ntk"]
