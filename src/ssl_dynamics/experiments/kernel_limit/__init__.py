"""How the tangent kernels of random nets tend to that of infinite width; nothing is trained."""
