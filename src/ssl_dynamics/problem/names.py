"""What losses, activations, objectives, metrics and devices are called, in functions as in configurations."""

from typing import Literal

Device = Literal["cpu", "cuda", "mps"]  # on which the simulation trains, as torch names it
Activation = Literal["identity", "relu", "erf"]  # relu is √2·ReLU
Loss = Literal["contrastive", "non-contrastive"]
Objective = Literal["dot-product", "info-nce", "nt-xent", "vicreg", "barlow-twins"]
Metric = Literal["grassmann", "stiefel", "canonical"]  # on the orthonormal layers of two-layer linear nets
