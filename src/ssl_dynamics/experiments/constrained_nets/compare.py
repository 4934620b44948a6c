"""Where trained nets and their two approximations meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import gram_distance, span_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.constrained_nets.config import UNIT, Run
from ssl_dynamics.experiments.constrained_nets.design import Array, Design, Solution, Trajectories
from ssl_dynamics.tables import tidy_rows

TRAINED = ("feature_drift", "tangent_drift", "orthonormality", "departed")


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_constrained_nets`."""
    plan = Design.load(job.input("plan"))
    trajectories = Trajectories.joined([Trajectories.load(path) for path in job.inputs["trajectories"]])
    solution = Solution.load(job.input("solution"))
    rows = [run_table(run, plan, trajectories, solution) for run in plan.runs()]
    write_tables(job, "constrained_nets", {"constrained_nets": pd.concat(rows)})


def run_table(run: Run, plan: Design, trajectories: Trajectories, solution: Solution) -> pd.DataFrame:
    """Drifts of the trained nets, and errors of both approximations: a row for each seed and checkpoint.

    `…_error` is the distance of Gram matrices of norm 1, `…_mismatch` 1 − cos, its square halved; `…_span` the
    distance of spans. `predicted_mismatch` is what `linearised_mismatch` is if the net is the flow on frozen features;
    `stepped_error` is `flow_error` with the flow in the steps of training, until τ = 8, of widths that span the points,
    up to one; `predicted_error` is what it is at rate 1 to first order in 1/h.
    `tangent_predicted` is what `tangent_drift` is if features rest, `limit` what it is
    predicted to be at h = ∞, `mismatch_limit` what `linearised_mismatch` of self-supervised nets is late.
    """
    trained = {name: getattr(trajectories, name)[run] for name in TRAINED}
    U = trajectories.functions[run]
    # Frozen features are the same whatever the rate, whose runs are the shorter ones.
    frozen = run._replace(rate_name=UNIT)
    flow = solution.flow[frozen][:, : U.shape[1]]
    approximations = {"flow": flow, "linearised": solution.linearised[run]}
    errors: dict[str, Array] = {}
    for name, approximation in approximations.items():
        distance = gram_distance(U, approximation)
        errors |= {
            f"{name}_error": distance,
            f"{name}_mismatch": distance**2 / 2,
            f"{name}_span": span_distance(U, approximation),
        }
    stepped = solution.stepped.get(frozen)
    if stepped is not None:
        stepped = gram_distance(U[:, : stepped.shape[1]], stepped)
    predicted = {
        "predicted_mismatch": gram_distance(flow, solution.linearised[run]) ** 2 / 2,
        "tangent_predicted": solution.tangent[frozen][:, : U.shape[1]],
        "stepped_error": _filled(stepped, U.shape[:2]),
        "predicted_error": _filled(solution.predicted_error.get(frozen), U.shape[:2]),
    }
    problem = (run.activation, run.objective)
    return tidy_rows(
        trained | errors | predicted,
        plan.clock(run).tau,
        activation=run.activation,
        objective=run.objective,
        rate=run.rate_name,
        width=run.width,
        points=len(plan.points),
        mismatch_limit=solution.mismatch_limit[run.activation],
        limit=solution.limit[problem],
    )


def _filled(values: Array | None, shape: tuple[int, ...]) -> Array:
    """The values (S, T'), followed by nan up to (S, T); nan alone where there are none."""
    filled = np.full(shape, np.nan)
    if values is not None:
        filled[:, : values.shape[1]] = values
    return filled
