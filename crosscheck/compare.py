"""Second half of `make crosscheck`, in the environment of neural-tangents: its kernels against those of the file."""

import sys
import types

# Needs TensorFlow, and nothing here uses it.
sys.modules["neural_tangents.experimental"] = types.ModuleType("neural_tangents.experimental")

import jax

jax.config.update("jax_enable_x64", val=True)

import jax.numpy as jnp
import neural_tangents as nt
import numpy as np
from jax.scipy.special import erf

MOST = 1e-12  # difference of two float64 computations of one kernel, relative to the largest entry
# On the diagonal of the ReLU kernels the library takes θ = 0 from √(1 − cos²θ), which is good to half the digits.
MOST_DIAGONAL = 1e-8
ACTIVATIONS = {
    "identity": (lambda v: v, nt.stax.Identity()),
    "relu": (lambda v: jnp.sqrt(2.0) * jnp.maximum(v, 0), nt.stax.ABRelu(0.0, 2**0.5)),
    "erf": (erf, nt.stax.Erf()),
}


def main() -> None:
    stored = np.load(sys.argv[1])
    failed = []
    print(f"{'largest difference':24} off the diagonal   on it")
    for activation in map(str, stored["activations"]):
        for name, kernel in {**empirical(stored, activation), **analytic(stored["X"], activation)}.items():
            expected = stored[f"{name}_{activation}"]
            difference = np.abs(kernel - expected) / np.abs(expected).max()
            on, off = np.diag(difference).max(), (difference - np.diag(np.diag(difference))).max()
            most_on = MOST_DIAGONAL if activation == "relu" and name.startswith("limit") else MOST
            print(f"{activation:10} {name:13} {off:10.1e} {on:14.1e}")
            if not (off <= MOST and on <= most_on):
                failed.append(f"{name} {activation}")
    if failed:
        sys.exit(f"these kernels differ from those of neural-tangents: {', '.join(failed)}")
    print(f"all within {MOST:g} (diagonal of the analytic ReLU kernels: {MOST_DIAGONAL:g})")


def empirical(stored, activation):
    """Tangent kernels of the net of finite width: full, by layer, and the trace over the outputs."""
    phi, X = ACTIVATIONS[activation][0], stored["X"]
    (h, d), z = stored["W1"].shape, stored["W2"].shape[1]

    def net(weights, x):
        first, second = weights
        return phi(x @ first.T / jnp.sqrt(d)) @ second / jnp.sqrt(h)

    weights = (stored["W1"], stored["W2"])
    of_layer = {
        "all": net,
        "first": lambda first, x: net((first, weights[1]), x),
        "second": lambda second, x: net((weights[0], second), x),
    }
    parameters = {"all": weights, "first": weights[0], "second": weights[1]}
    kernels = {}
    for block, function in of_layer.items():
        kernel = nt.empirical_ntk_fn(function, trace_axes=(), implementation=1)(X, None, parameters[block])
        kernels[block] = np.moveaxis(np.asarray(kernel), 2, 1).reshape(len(X) * z, len(X) * z)
    # By default the library divides the trace by the number of outputs.
    kernels["trace"] = z * np.asarray(nt.empirical_ntk_fn(net)(X, None, weights))
    return kernels


def analytic(X, activation):
    """The kernels of infinite width: the covariance of the outputs is the block of the output layer."""
    layers = (nt.stax.Dense(1), ACTIVATIONS[activation][1], nt.stax.Dense(1))
    both = nt.stax.serial(*layers)[2](X, None, ("nngp", "ntk"))
    nngp, ntk = np.asarray(both.nngp), np.asarray(both.ntk)
    return {"limit_all": ntk, "limit_second": nngp, "limit_first": ntk - nngp}


if __name__ == "__main__":
    main()
