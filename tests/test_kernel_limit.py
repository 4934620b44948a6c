from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import erf

from problems import judge_rows
from ssl_dynamics.claims.measures.trajectories import farthest_from, nearest_to
from ssl_dynamics.experiments.kernel_limit.claims import CLAIMS
from ssl_dynamics.experiments.kernel_limit.measures import mean_ratio
from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk, unit_variance
from ssl_dynamics.kernels.fluctuation import MOMENTS

ACTIVATIONS = ["identity", "relu", "erf"]
BLOCKS = ["first", "second", "all"]
(CLAIM,) = CLAIMS
SEEDS, NETS, WIDTHS = 16, 16, (64, 128, 256, 512, 1024)  # those of config/quick.yaml


def points(n=4, d=3):
    return np.random.default_rng(0).standard_normal((n, d)) * [1.5, 1.0, 0.4]


def test_moments_of_erf_units_are_those_of_gauss_hermite():
    X = points()
    s = X @ X.T / 3
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    for i, j in ((0, 0), (0, 1), (2, 3)):
        rest = np.sqrt(max(s[j, j] - s[i, j] ** 2 / s[i, i], 0))
        a = np.sqrt(s[i, i]) * nodes[:, None] + 0 * nodes
        b = s[i, j] / np.sqrt(s[i, i]) * nodes[:, None] + rest * nodes
        phi, slope = erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2))
        expected = [
            weights @ f @ weights
            for f in (phi(a) ** 2 * phi(b) ** 2, phi(a) * slope(a) * phi(b) * slope(b), slope(a) ** 2 * slope(b) ** 2)
        ]
        np.testing.assert_allclose([moment[i, j] for moment in MOMENTS["erf"](X, s)], expected, rtol=1e-8)


def test_moments_of_relu_units_at_known_angles():
    X = np.array([[2.0, 0.0], [4.0, 0.0], [0.0, 2.0], [-2.0, 0.0]])
    s = X @ X.T / 2
    features, products, slopes = MOMENTS["relu"](X, s)
    # φ² = 2a² where a > 0: of equal signs, independent, opposite.
    np.testing.assert_allclose(features[0], [6 * 4, 6 * 16, 4, 0], atol=1e-12)  # 4 · ½ · 3 s_ii s_jj; 4 · ½s_ii · ½s_jj
    np.testing.assert_allclose(products[0], [2 * 2, 2 * 4, 4 / (2 * np.pi) * 2, 0], atol=1e-12)  # 4 · E a_+b_+
    np.testing.assert_allclose(slopes[0], [2, 2, 1, 0], atol=1e-12)  # 4 P(a, b > 0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("z", [1, 3])
def test_variance_is_that_of_a_sample_of_nets_at_every_width(activation, z):
    X, random = points(), np.random.default_rng(1)
    for width in (1, 5):
        layers = random.standard_normal((20_000, width, 3)), random.standard_normal((20_000, width, z))
        for block in BLOCKS:
            limit = np.kron(infinite_width_ntk(X, activation=activation, block=block), np.eye(z))
            kernels = two_layer_ntk(X, *layers, activation=activation, block=block)
            squares = width * ((kernels - limit) ** 2).sum((1, 2))
            expected = unit_variance(X, z=z, activation=activation, block=block)
            error = squares.std() / np.sqrt(len(squares))
            assert abs(squares.mean() - expected) < 4.5 * error
            assert error < 0.1 * expected


@pytest.mark.parametrize("z", [0, 1.5, True])
def test_variance_refuses_what_is_no_number_of_outputs(z):
    with pytest.raises(ValueError, match=f"z must be a whole number of at least 1; got {z}"):
        unit_variance(points(), z=z, activation="relu")


def rows(random, *, ratio=1.0, exponent=-1.0, freedom=3, control=10.0, **particular):
    """A table of the sampling error of its ratios, those of means of squares of so many normal variables.

    Of W_2ᵀW_2/h − I, z = 2, three: of all blocks the least, as test_own_statistics.py finds of random nets.
    """
    levels = {"seed": range(SEEDS), "width": WIDTHS, "activation": ACTIVATIONS, "block": BLOCKS}
    frame = pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)
    count = freedom * NETS
    frame["ratio"] = ratio * random.chisquare(count, len(frame)) / count * (frame["width"] / 256) ** (exponent + 1)
    frame["ratio"] *= frame["activation"].map(particular).fillna(1.0)
    wrong = frame[frame["block"] == "all"].assign(limit="without the first layer", ratio=control)
    table = pd.concat([frame.assign(limit="complete"), wrong])
    return {(CLAIM.experiment, CLAIM.table): table.assign(dataset="d", loss="contrastive", dimension=2)}


def test_right_theory_passes_and_wrong_theory_fails():
    random = np.random.default_rng(2)
    fast = replace(CLAIM, wrong=None)
    # All of 300, so that at least 99 % of draws pass with 95 % confidence.
    assert all(judge_rows(fast, rows(random)).verdict == "pass" for _ in range(300))
    assert judge_rows(CLAIM, rows(random)).resolves < 0.25
    for wrong in ({"ratio": 1.25}, {"ratio": 0.75}, {"erf": 1.25}, {"exponent": -0.8, "ratio": 1.3}, {"control": 1.0}):
        assert all(judge_rows(CLAIM, rows(random, **wrong)).verdict == "fail" for _ in range(5)), wrong


def test_farthest_ratio_is_chosen_by_the_mean_over_the_seeds():
    table = rows(np.random.default_rng(3), erf=1.4)[CLAIM.experiment, CLAIM.table]
    table = table[table["limit"] == "complete"]
    farthest, nearest = (choose(1, "activation", mean_ratio)(table) for choose in (farthest_from, nearest_to))
    assert farthest.mean() == pytest.approx(1.4, abs=0.1)
    assert nearest.mean() == pytest.approx(1, abs=0.05)
