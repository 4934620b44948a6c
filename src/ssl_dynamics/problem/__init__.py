"""Problem: data sets, augmentations, triplets and the quadratic form C.

`problem.losses` and `problem.objectives` are not re-exported: they are for the simulation alone (and import torch).
"""

from ssl_dynamics.problem.quadratic import coupling_matrix, quadratic_form

__all__ = ["coupling_matrix", "quadratic_form"]
