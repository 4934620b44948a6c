"""Random problems that several tests share."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ssl_dynamics.claims.verdict import judge, judge_claim

Array = NDArray[np.float64]


def symmetric(eigenvalues: Array, random: np.random.Generator) -> Array:
    """A symmetric matrix with these eigenvalues and random eigenvectors."""
    d = len(eigenvalues)
    Q = np.linalg.qr(random.standard_normal((d, d)))[0]
    C = (Q * eigenvalues) @ Q.T
    return (C + C.T) / 2


def orthonormal(d: int, z: int, random: np.random.Generator, *lead: int) -> Array:
    """Random bases with orthonormal columns, (*lead, d, z)."""
    return np.linalg.qr(random.standard_normal((*lead, d, z)))[0]


@st.composite
def flow_problems(draw: st.DrawFn) -> tuple[Array, Array]:
    """(C, W0): indefinite C with degenerate or clustered eigenvalues allowed, W0 orthonormal, 1 <= z <= d <= 7."""
    d = draw(st.integers(2, 7))
    z = draw(st.integers(1, d))
    levels = st.sampled_from([-3.0, -1.0, -1.0 + 1e-6, 0.0, 0.5, 2.0])
    eigenvalues = np.array(draw(st.lists(levels, min_size=d, max_size=d)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return symmetric(eigenvalues, random), orthonormal(d, z, random)


def judge_rows(claim, tables):
    """Judge a claim on the one cell that these tables hold, whatever it is, with as many seeds as there are."""
    keys = {
        tuple(key) for rows in tables.values() for key in rows[["dataset", "loss", "dimension"]].to_numpy().tolist()
    }
    seeds = max(rows["seed"].nunique() for rows in tables.values())
    grid = {experiment: sorted(keys) for experiment, _ in tables}
    (cell,) = judge_claim(claim, tables, grid, seeds)
    return cell


def passes(claim, draw, draws=2000):
    """Share of simulated draws, of one number a seed each, in which a claim passes."""
    random = np.random.default_rng(1)
    return np.mean([judge(draw(random), claim.statistic, claim.criterion).verdict == "pass" for _ in range(draws)])
