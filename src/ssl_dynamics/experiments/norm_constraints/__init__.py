"""Which constraints on the weights prevent collapse: three on norms beside orthogonality (docs/theory.md §9)."""
