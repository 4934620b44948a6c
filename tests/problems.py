"""Random problems that several tests share."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

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
    from ssl_dynamics.claims.verdict import judge_claim  # noqa: PLC0415 -- pandas, which tests of the library lack

    keys = {
        tuple(key) for rows in tables.values() for key in rows[["dataset", "loss", "dimension"]].to_numpy().tolist()
    }
    seeds = max(rows["seed"].nunique() for rows in tables.values())
    grid = {experiment: sorted(keys) for experiment, _ in tables}
    (cell,) = judge_claim(claim, tables, grid, seeds)
    return cell


def passes(claim, draw, draws=2000):
    """Share of simulated draws, of one number a seed each, in which a claim passes."""
    from ssl_dynamics.claims.verdict import judge  # noqa: PLC0415 -- as above

    random = np.random.default_rng(1)
    return np.mean([judge(draw(random), claim.statistic, claim.criterion).verdict == "pass" for _ in range(draws)])


def record(claim, part, verdict="pass"):
    """What a run says of a claim."""
    return {
        "id": claim.id,
        "statement": claim.statement,
        "group": part,
        "abstracts": list(claim.abstracts),
        "evidence": claim.evidence,
        "criterion": {"operator": "<=", "threshold": 0.2},
        "control": {"description": "a control", "value": 0.5},
        "value": 0.1,
        "low": 0.05,
        "high": 0.12,
        "statistic": "mean",
        "resolves": 0.01,
        "verdict": verdict,
    }


def draws_of(*ids):
    """A draws.json of these claims, as the reference ships it: the first draw is that of the own root seed."""
    claim = {
        "source": "A1", "statement": "It is so.", "evidence": "trained", "statistic": "mean",
        "criterion": {"operator": "within", "threshold": [0.8, 1.1]}, "cell": "mixture/contrastive/2", "mean": 1.05,
        "mean_low": 1.0, "mean_high": 1.09, "low": 0.9, "high": 1.2, "between": 0.05, "within": 0.04, "worst": None,
        "draws": 20, "passes": 19, "open": 1, "stopped": 0, "fresh": 19, "least_probability": 0.774,
        "verdict": "holds on average",
        "reason": "the prediction interval reaches over a bound of the criterion", "cells": [],
    }  # fmt: skip
    return {
        "configuration": "mine", "roots": list(range(20)), "own_root": 0, "stopped": [], "kept": [],
        "equation_draws": [],
        "draws": [
            {"root_seed": root, "claims": len(ids), "below": dict.fromkeys(ids, "open") if root == 19 else {}}
            for root in range(20)
        ],
        "claims": [{"id": name, **claim} for name in ids],
        "preregistration": {
            "registered": False, "date": None, "measures": False, "run": [], "differs": ["nothing is registered"]
        },
    }  # fmt: skip


def equation_draw(root_seed, **claims):
    """A draw of what needs no training, of claims with one cell by their verdicts; None where a step has failed."""
    value = {"pass": 0.5, "open": None, "fail": 1.5}
    control = {"value": 2.0, "verdict": "fail"}
    return {
        "root_seed": root_seed, "failed": ["solve: no"] if None in claims.values() else [],
        "claims": {
            name: verdict and [{
                "cell": "digits/contrastive/2", "value": value[verdict], "low": 0.4, "high": 0.6, "met": 4, "seeds": 4,
                "verdict": verdict, "control": control,
            }]
            for name, verdict in claims.items()
        },
    }  # fmt: skip
