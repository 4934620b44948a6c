"""Gaussian mixture whose population quadratic form C is known in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.rng import stream

if TYPE_CHECKING:  # the library needs no pydantic
    from ssl_dynamics.settings.data import GaussianMixture

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """Equally likely clusters k with x | k ~ N(mean_k, covariance)."""

    means: Array  # (components, d)
    covariance: Array  # (d, d)

    def sample(self, count: int, random: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        """Draw `count` items (count, d) and the index of the cluster of each."""
        labels = random.integers(len(self.means), size=count)
        noise = random.standard_normal((count, self.means.shape[1]))
        return self.means[labels] + noise @ np.linalg.cholesky(self.covariance).T, labels

    def population_quadratic_form(self, loss: Loss, *, centered: bool) -> Array:
        """Limit n -> infinity of `quadratic_form` when positives differ from anchors by zero-mean noise.

        With m the mean of x and M = E[x xᵀ] = (1/K) Σ_k mean_k mean_kᵀ + covariance (about m when centred):
        E[x x⁺ᵀ] = M and E[x x⁻ᵀ] = m mᵀ, hence C = m mᵀ − M (contrastive) and C = −M (non-contrastive).
        Shape (d, d), symmetric. Source: docs/theory.md §1 with the expectations taken over this mixture.
        """
        means = self.means - self.means.mean(axis=0) if centered else self.means
        center = means.mean(axis=0)
        second_moment = means.T @ means / len(means) + self.covariance
        if loss == "non-contrastive":
            return -second_moment
        return np.outer(center, center) - second_moment


def mixture(settings: GaussianMixture, name: str, root_seed: int) -> Mixture:
    """The mixture of these settings and this name: orthogonal means of falling size, within-cluster variances decay^j.

    In a random orthonormal basis q_1 … q_d: mean_k = separation · decay^k · q_{k+1}, covariance = Σ_j decay^j q_j q_jᵀ
    (k, j counted from 0), so that neighbouring eigenvalues of the population C are apart.
    """
    d = settings.dimension
    random = stream(root_seed, "gaussian-mixture", "basis", name, d)
    basis = np.linalg.qr(random.standard_normal((d, d)))[0]
    sizes = settings.separation * settings.decay ** np.arange(settings.components)
    variances = settings.decay ** np.arange(d)
    return Mixture(sizes[:, None] * basis.T[: settings.components], (basis * variances) @ basis.T)
