"""Kernels: fixed models, known analytically. They see points alone: no loss, no dynamics."""

from ssl_dynamics.kernels.infinite_width import Activation, infinite_width_ntk, linear_kernel

__all__ = ["Activation", "infinite_width_ntk", "linear_kernel"]
