"""Random numbers depend on the root seed and on names alone."""

import itertools

import numpy as np
import pytest

from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.starts.gaussian_nets import gaussian_factor
from ssl_dynamics.problem.starts.gaussian_weights import gaussian_weights
from ssl_dynamics.problem.starts.layers import gaussian_layers, wide_layers, wide_starts
from ssl_dynamics.problem.starts.orthonormal import constrained_net, random_functions, random_orthonormal_start
from ssl_dynamics.settings.data import GaussianMixture

# What draws one problem a seed: (seeds, root seed, name) to arrays whose first axis is the seed.
MIXTURE = GaussianMixture(
    source="gaussian-mixture", dimension=4, components=2, separation=2.0, decay=0.7, items=2000, test_items=2000,
    triplets=2, augmentations=[], center=False,
)  # fmt: skip

DRAWS = {
    "random_orthonormal_start": lambda s, r, n: [random_orthonormal_start(9, 2, seeds=s, root_seed=r, name=n)],
    "random_functions": lambda s, r, n: [random_functions(np.diag([1.0, 2, 3]), 2, seeds=s, root_seed=r, names=(n,))],
    "constrained_net": lambda s, r, n: constrained_net(3, 2, 5, seeds=s, root_seed=r, name=n),
    "gaussian_layers": lambda s, r, n: gaussian_layers(3, 2, 5, seeds=s, root_seed=r, name=n),
    "gaussian_factor": lambda s, r, n: gaussian_factor(3, 2, 16, seeds=s, root_seed=r, name=n),
    "gaussian_weights": lambda s, r, n: gaussian_weights([3, 5, 2], seeds=s, root_seed=r, names=[n]),
    "wide_layers": lambda s, r, n: wide_layers(3, 2, 5, seeds=s, root_seed=r, name=n),
    "wide_starts": lambda s, r, n: [wide_starts(3, 2, 5, draws=4, seeds=s, root_seed=r, name=n)],
}


def test_streams_of_different_names_are_uncorrelated():
    names = [("a", 1), ("a", 2), ("b", 1), ("a1",)]
    samples = np.stack([stream(0, *name).standard_normal(20_000) for name in names])
    assert np.abs(np.corrcoef(samples) - np.eye(4)).max() < 0.03


def test_gaussian_mixtures_of_other_names_and_roots_share_no_draw():
    bases, noise = [], []
    for name, root_seed in (("a", 0), ("b", 0), ("a", 1)):
        source, items = mixture(MIXTURE, name, root_seed), load(MIXTURE, name, root_seed)
        bases.append(source.means[0] / np.linalg.norm(source.means[0]))
        L = np.linalg.cholesky(source.covariance)
        for part, labels in ((items.train, items.train_labels), (items.test, items.test_labels)):
            noise.append(np.linalg.solve(L, (part - source.means[labels]).T).ravel())
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(bases, 2)) > 0.1
    assert np.abs(np.corrcoef(noise) - np.eye(6)).max() < 5 / np.sqrt(noise[0].size)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_further_seeds_change_no_draw_and_another_name_or_root_changes_every_one(draw):
    few, many = draw(2, 1, "a"), draw(5, 1, "a")
    for a, b in zip(few, many, strict=True):
        np.testing.assert_array_equal(a, b[:2])
        assert np.abs(a[0] - a[1]).max() > 0.1
    for other in (draw(2, 2, "a"), draw(2, 1, "b")):
        assert all(np.abs(a - b).max() > 0.1 for a, b in zip(few, other, strict=True))
