import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssl_dynamics.analysis import fitted_order
from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk, two_layer_ntk_trace

BLOCKS = {"all": (0, 1), "first": (0,), "second": (1,)}  # the weights that each is the tangent kernel of
ACTIVATIONS = {"identity": lambda v: v, "relu": lambda v: math.sqrt(2) * torch.relu(v), "erf": torch.erf}


def net(X, W1, W2, activation):
    return ACTIVATIONS[activation](X @ W1.T / math.sqrt(X.shape[1])) @ W2 / math.sqrt(len(W2))


def by_jacobian(X, W1, W2, activation, block):
    """Σ J Jᵀ of the explicit Jacobian, row i·z + a."""
    tensors = [torch.from_numpy(array) for array in (X, W1, W2)]
    jacobians = torch.func.jacrev(net, argnums=(1, 2))(*tensors, activation)
    rows = [jacobians[k].reshape(len(X) * W2.shape[1], -1) for k in BLOCKS[block]]
    return sum(part @ part.T for part in rows).numpy()


def problem(N, d, h, z, *, seed=0, lead=()):
    random = np.random.default_rng(seed)
    return tuple(random.standard_normal(shape) for shape in ((N, d), (*lead, h, d), (*lead, h, z)))


def relative(measured, expected):
    size = np.abs(expected).max()  # 0 where no unit is active
    return np.abs(measured - expected).max() / (size or 1)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@given(
    N=st.integers(1, 6), d=st.integers(1, 5), h=st.integers(1, 9), z=st.integers(1, 4), seed=st.integers(0, 2**32 - 1)
)
@settings(max_examples=15, deadline=None)
def test_tangent_kernel_is_that_of_the_explicit_jacobian(activation, block, N, d, h, z, seed):  # noqa: PLR0917
    X, W1, W2 = problem(N, d, h, z, seed=seed)
    expected = by_jacobian(X, W1, W2, activation, block)
    kernel = two_layer_ntk(X, W1, W2, activation=activation, block=block)
    assert kernel.shape == (N * z, N * z)
    assert relative(kernel, expected) < 1e-12
    trace = two_layer_ntk_trace(X, W1, W2, activation=activation, block=block)
    assert relative(trace, np.einsum("iaja->ij", expected.reshape(N, z, N, z))) < 1e-12


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("N", [47, 48, 49, 131])
def test_strips_of_samples_join_without_a_seam(activation, N):
    X, W1, W2 = problem(N, 3, 11, 3)
    kernel = two_layer_ntk(X, W1, W2, activation=activation)
    assert relative(kernel, by_jacobian(X, W1, W2, activation, "all")) < 1e-12
    assert (kernel == kernel.T).all()
    blocks = kernel.reshape(N, 3, N, 3)
    assert (blocks == blocks.transpose(0, 3, 2, 1)).all()  # (a, b) is (b, a)
    trace = two_layer_ntk_trace(X, W1, W2, activation=activation)
    assert (trace == trace.T).all()
    assert relative(trace, np.einsum("iaja->ij", blocks)) < 1e-12


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("function", [two_layer_ntk, two_layer_ntk_trace])
def test_seeds_in_front_are_nets_of_their_own(function, block):
    X, W1, W2 = problem(60, 4, 7, 2, lead=(2, 3))
    kernels = function(X, W1, W2, activation="erf", block=block)
    assert (kernels == kernels.mT).all()
    for seed in np.ndindex(2, 3):
        alone = function(X, W1[seed], W2[seed], activation="erf", block=block)
        np.testing.assert_allclose(kernels[seed], alone, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_tangent_kernel_tends_to_that_of_infinite_width_at_rate_one_half(activation, block):
    widths, random = np.array([64, 256, 1024, 4096]), np.random.default_rng(1)
    X = random.standard_normal((6, 4))
    limit = np.kron(infinite_width_ntk(X, activation=activation, block=block), np.eye(2))
    errors = []
    for h in widths:
        W1, W2 = random.standard_normal((64, h, 4)), random.standard_normal((64, h, 2))
        apart = two_layer_ntk(X, W1, W2, activation=activation, block=block) - limit
        errors.append(np.sqrt(np.square(apart).mean()))
    assert fitted_order(1 / widths, errors) == pytest.approx(0.5, abs=0.05)


def test_blocks_of_infinite_width_add_up():
    X = np.random.default_rng(0).standard_normal((5, 3))
    for activation in ACTIVATIONS:
        whole, first, second = (infinite_width_ntk(X, activation=activation, block=block) for block in BLOCKS)
        np.testing.assert_allclose(first + second, whole, rtol=1e-14)
    with pytest.raises(ValueError, match="block 'last' is unknown; allowed: 'all', 'first', 'second'"):
        infinite_width_ntk(X, activation="relu", block="last")


@pytest.mark.parametrize("function", [two_layer_ntk, two_layer_ntk_trace])
@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda X, W1, W2: (X[0], W1, W2), {}, r"X must have shape \(N, d\) with N, d >= 1; got \(4,\)"),
        (lambda X, W1, W2: (X, W1[:, :3], W2), {}, r"W1 must have shape \(\.\.\., h, d\) with d = 4; got \(7, 3\)"),
        (lambda X, W1, W2: (X, W1[0], W2), {}, r"W1 must have shape .* with d = 4; got \(4,\)"),
        (lambda X, W1, W2: (X, W1, W2[:6]), {}, r"W2 must have shape .* with \(\.\.\., h\) = \(7,\); got \(6, 2\)"),
        (lambda X, W1, W2: (X, W1[None], W2), {}, r"W2 must have shape .* = \(1, 7\); got \(7, 2\)"),
        (lambda X, W1, W2: (X, W1, W2[:, :0]), {}, r"W2 must have shape .*; got \(7, 0\)"),
        (lambda X, W1, W2: (X, W1 * np.nan, W2), {}, "W1 holds 28 values that are not finite"),
        (lambda X, W1, W2: (X, W1, W2 + 0j), {}, "W2 must hold real numbers; got dtype complex128"),
        (lambda *net: net, {"activation": "tanh"}, "activation 'tanh' is unknown; allowed: 'identity', 'relu', 'erf'"),
        (lambda *net: net, {"block": "third"}, "block 'third' is unknown; allowed: 'all', 'first', 'second'"),
    ],
)
def test_bad_input_is_named(function, change, options, message):
    with pytest.raises(ValueError, match=message):
        function(*change(*problem(5, 4, 7, 2)), **{"activation": "relu", **options})
