"""Two-layer nets whose output layer is orthonormal: which limit of infinite width they have."""
