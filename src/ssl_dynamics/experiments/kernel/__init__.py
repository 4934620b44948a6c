"""Training in function space on fixed kernels: self-supervised, with and without weight decay, and regression."""
