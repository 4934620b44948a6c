"""Stage `compare_constrained_nets`: where trained nets and their two approximations meet for the first time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import gram_distance, span_distance
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import tidy_rows, write_tables
from ssl_dynamics.pipeline.constrained_plan import UNIT, Run, clock, read_runs
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]


def compute(job: Job[CompareSettings]) -> None:
    plan, trajectories, solution = (read_arrays(job.input(name)) for name in ("plan", "trajectories", "solution"))
    rows = [run_table(run, plan, trajectories, solution) for run in read_runs(plan)]
    write_tables(job, "constrained_nets", {"constrained_nets": pd.concat(rows)})


def run_table(run: Run, plan: Arrays, trajectories: Arrays, solution: Arrays) -> pd.DataFrame:
    """Drifts of the trained nets, and errors of both approximations: a row for each seed and checkpoint.

    `…_error` is the distance of Gram matrices of norm 1, `…_mismatch` 1 − cos, its square halved; `…_span` the
    distance of spans. `limit` and `limit_control` are what `tangent_drift` is predicted to be, at h = ∞, and is not;
    `mismatch_limit` what `linearised_mismatch` of self-supervised nets is late.
    """
    trained = {name: trajectories[f"{name}_{run.key}"] for name in TRAINED}
    U = trajectories[f"functions_{run.key}"]
    approximations = {
        # the same whatever the rate, whose runs are the shorter ones
        "flow": solution[f"flow_{Run(run.activation, run.objective, UNIT, run.width).key}"][:, : U.shape[1]],
        "linearised": solution[f"linearised_{run.key}"],
    }
    errors: dict[str, Array] = {}
    for name, approximation in approximations.items():
        distance = gram_distance(U, approximation)
        errors |= {
            f"{name}_error": distance,
            f"{name}_mismatch": distance**2 / 2,
            f"{name}_span": span_distance(U, approximation),
        }
    ratio = errors["linearised_mismatch"] / np.maximum(errors["flow_mismatch"], np.finfo(np.float64).tiny)
    problem = f"{run.activation}_{run.objective}"
    return tidy_rows(
        trained | errors | {"mismatch_ratio": ratio},
        clock(plan, run).tau,
        activation=run.activation,
        objective=run.objective,
        rate=run.rate_name,
        width=run.width,
        points=len(plan["points"]),
        mismatch_limit=float(solution[f"mismatch_limit_{run.activation}"]),
        limit=solution[f"limit_{problem}"],
        limit_control=solution[f"limit_control_{problem}"],
    )


TRAINED = ("feature_drift", "tangent_drift", "orthonormality", "departed")

if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_constrained_nets", CompareSettings, compute)
