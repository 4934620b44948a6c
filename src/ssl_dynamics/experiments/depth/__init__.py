"""Three-layer nets: where they leave their tangent kernel, and what a constrained last layer changes."""
