"""First half of `make crosscheck`: nets, points and the kernels that this project computes of them, to an .npz file."""

import sys
from pathlib import Path

import numpy as np

from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk, two_layer_ntk_trace

ACTIVATIONS = ("identity", "relu", "erf")
BLOCKS = ("all", "first", "second")
N, D, H, Z = 60, 20, 256, 3


def main() -> None:
    random = np.random.default_rng(0)
    X, W1, W2 = (random.standard_normal(shape) for shape in ((N, D), (H, D), (H, Z)))
    arrays = {"X": X, "W1": W1, "W2": W2, "activations": np.array(ACTIVATIONS)}
    for activation in ACTIVATIONS:
        arrays[f"trace_{activation}"] = two_layer_ntk_trace(X, W1, W2, activation=activation)
        for block in BLOCKS:
            arrays[f"{block}_{activation}"] = two_layer_ntk(X, W1, W2, activation=activation, block=block)
            arrays[f"limit_{block}_{activation}"] = infinite_width_ntk(X, activation=activation, block=block)
    np.savez(Path(sys.argv[1]), **arrays)


if __name__ == "__main__":
    main()
