"""Problem: data sets, augmentations, triplets and the quadratic form C.

`problem.losses` is not re-exported: it is for the simulation alone.
"""

from ssl_dynamics.problem.quadratic import coupling_matrix, quadratic_form

__all__ = ["coupling_matrix", "quadratic_form"]
