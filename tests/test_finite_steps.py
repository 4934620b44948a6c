"""Claims on training at finite step sizes: what passes, what fails, what a draw leaves open."""

import pandas as pd
import pytest

from problems import judge_rows
from ssl_dynamics.experiments.finite_steps.claims import CLAIMS

CELL = {"dataset": "d", "loss": "contrastive", "dimension": 2, "time": 0.0}


def claim(name):
    return next(claim for claim in CLAIMS if claim.id == name)


def limits(method, *, right=1e-9, wrong=0.07, steps=400, needed=300.0):
    rows = [
        {"method": method, "side": side, "seed": seed, "part": part, "steps": steps, "needed": needed, **CELL}
        for side, part in ((0, right), (1, wrong))
        for seed in range(3)
    ]
    return {("finite_steps", "limits"): pd.DataFrame(rows)}


@pytest.mark.parametrize("method", ["riemannian", "iteration"])
@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "pass"),
        ({"needed": 400.0}, "pass"),
        ({"right": 2e-3}, "fail"),  # the direction stays where it should be shed
        ({"wrong": 9e-4}, "fail"),  # and is shed where it should stay
        ({"needed": 401.0}, "open"),
        ({"needed": float("inf"), "right": 1.0}, "open"),
    ],
)
def test_limits_in_the_step_size_pass_fail_and_stay_open(method, changes, verdict):
    cell = judge_rows(claim(f"beyond-{method}-limit"), limits(method, **changes))
    assert cell.verdict == verdict
    if verdict == "open":
        assert "finite_steps.limit_steps ends the training after 400" in cell.claim.reason
