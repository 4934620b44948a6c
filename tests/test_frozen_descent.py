"""Descents on the tangent kernel of the start, and weights that their slopes pull."""

import numpy as np
import pytest
import torch

from ssl_dynamics.kernels import features, two_layer_ntk
from ssl_dynamics.kernels.pulled import pulled_layers
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.simulation.objective_functions import cosine
from ssl_dynamics.theory.frozen_descent import cosine_descent, cosine_slope, regression_descent

N, D, Z, H = 5, 4, 2, 7
ACTIVATIONS = ["identity", "relu", "erf"]
TORCH = {"identity": lambda a: a, "relu": lambda a: np.sqrt(2) * torch.relu(a), "erf": torch.erf}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def kernel(size=N * Z, seed=1):
    root = draw(size, size, seed=seed)
    return root @ root.T / size


def test_regression_descends_as_the_linear_model_does():
    Theta, error, rate = kernel() + 0.2 * np.eye(N * Z), draw(N, Z), 0.5
    slopes, steps = regression_descent(Theta, error, learning_rate=rate, remainder=0.01)
    at = error
    for slope in slopes:
        assert (at**2).sum() > 0.01 * (error**2).sum()
        np.testing.assert_allclose(slope, at / N, rtol=1e-8, atol=1e-12)
        at = at - rate * (Theta @ slope.ravel()).reshape(N, Z)
    assert (at**2).sum() <= 0.01 * (error**2).sum()
    np.testing.assert_array_equal(steps, np.full(len(slopes), rate))


def test_regression_refuses_what_does_not_end():
    Theta = kernel()
    with pytest.raises(ValueError, match="too large for the eigenvalue"):
        regression_descent(Theta, draw(N, Z), learning_rate=3 * N / np.linalg.norm(Theta, 2), remainder=0.01)
    blind = np.diag([1.0] * (N * Z - 1) + [0.0])
    with pytest.raises(ValueError, match="cannot learn all but"):
        regression_descent(blind, np.ones((N, Z)), learning_rate=0.5, remainder=0.01)


@pytest.mark.parametrize("loss", ["contrastive", "non-contrastive"])
def test_slope_of_the_cosine_loss_is_that_of_its_value(loss):
    parts = 3 if loss == "contrastive" else 2
    U = draw(parts * N, Z)
    A = coupling_matrix(N, loss=loss)[: len(U), : len(U)]
    variable = torch.from_numpy(U).requires_grad_()
    split = variable.chunk(parts)
    cosine(split[0], split[1], split[-1], loss).backward()
    np.testing.assert_allclose(cosine_slope(U, A), variable.grad, rtol=1e-10, atol=1e-14)


def test_cosine_descends_in_outputs_and_ends_at_its_time():
    A, U, Theta, step = coupling_matrix(N, loss="contrastive"), draw(3 * N, Z, seed=10), kernel(3 * N * Z), 0.3
    (slopes, steps), time = cosine_descent(Theta, A, U, step=step, end=6)
    rate = np.linalg.norm(Theta @ cosine_slope(U, A).ravel()) / np.linalg.norm(U)
    assert time == pytest.approx(6 / rate)
    assert steps.sum() == pytest.approx(time)
    assert (steps <= step / rate * (1 + 1e-12)).all()
    assert (steps[:-1] < 0.9 * step / rate).any()  # a representation comes near zero
    for slope, eta in zip(slopes, steps, strict=True):
        np.testing.assert_allclose(slope, cosine_slope(U, A), rtol=1e-8, atol=1e-12)
        moved = eta * (Theta @ slope.ravel()).reshape(U.shape)
        assert (np.linalg.norm(moved, axis=1) <= np.linalg.norm(U, axis=1) * (1 + 1e-12)).all()
        U = U - moved


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_weights_are_pulled_along_the_gradient_of_what_the_slopes_weigh(activation, depth):
    X, shapes = draw(N, D), [(H, D), (H, H), (H, Z)] if depth == 3 else [(H, D), (H, Z)]
    layers = [draw(*shape, seed=10 + k) for k, shape in enumerate(shapes)]
    slopes, steps = draw(2, N, Z, seed=20), np.array([0.3, 0.1])
    expected = [torch.from_numpy(W) for W in layers]
    for G, eta in zip(slopes, steps, strict=True):
        at = [W.clone().requires_grad_() for W in expected]
        hidden = torch.from_numpy(X) / np.sqrt(D)
        for W in at[:-1]:
            hidden = TORCH[activation](hidden @ W.T) / np.sqrt(H)
        ((hidden @ at[-1]) * torch.from_numpy(G)).sum().backward()
        expected = [W.detach() - eta * W.grad for W in at]
    for pulled, W in zip(pulled_layers(X, layers, slopes, steps, activation=activation), expected, strict=True):
        np.testing.assert_allclose(pulled, W, rtol=1e-10, atol=1e-13)
    with pytest.raises(ValueError, match=r"needs slopes \(K, N, z\) and steps \(K,\)"):
        pulled_layers(X, layers, slopes, steps[:1], activation=activation)


def test_a_small_pull_moves_outputs_by_the_tangent_kernel():
    X, W1, W2, G = draw(N, D), draw(H, D, seed=2), draw(H, Z, seed=3), draw(1, N, Z, seed=4)
    first, second = pulled_layers(X, (W1, W2), G, np.array([1e-6]), activation="erf")
    change = features(X, first, activation="erf") @ second - features(X, W1, activation="erf") @ W2
    expected = -1e-6 * two_layer_ntk(X, W1, W2, activation="erf") @ G.ravel()
    np.testing.assert_allclose(change.ravel(), expected, atol=1e-10)
