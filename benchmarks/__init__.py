"""What the exact solutions and kernels cost, next to peers and to matrix products (`make benchmark`)."""
