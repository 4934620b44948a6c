"""The single-layer model on C: without a constraint, where it collapses, and on the Grassmannian, where it does not."""
