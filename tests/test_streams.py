"""Random numbers depend on the root seed and on names alone."""

import numpy as np
import pytest

from ssl_dynamics.problem.gaussian_nets import gaussian_factor
from ssl_dynamics.problem.gaussian_weights import gaussian_weights
from ssl_dynamics.problem.layers import gaussian_layers, wide_layers, wide_starts
from ssl_dynamics.problem.start import constrained_net, random_functions, random_orthonormal_start
from ssl_dynamics.problem.streams import stream

# What draws one problem a seed: (seeds, root seed, name) to arrays whose first axis is the seed.
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


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_further_seeds_change_no_draw_and_another_name_or_root_changes_every_one(draw):
    few, many = draw(2, 1, "a"), draw(5, 1, "a")
    for a, b in zip(few, many, strict=True):
        np.testing.assert_array_equal(a, b[:2])
        assert np.abs(a[0] - a[1]).max() > 0.1
    for other in (draw(2, 2, "a"), draw(2, 1, "b")):
        assert all(np.abs(a - b).max() > 0.1 for a, b in zip(few, other, strict=True))
