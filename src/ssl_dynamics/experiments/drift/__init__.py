"""Trained nets of large width: what keeps its tangent kernel, and what leaves it."""
