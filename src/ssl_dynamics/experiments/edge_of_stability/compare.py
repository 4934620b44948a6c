"""Where training beyond the edge of stability and its orbits meet for the first time."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import principal_angles, projector_distance
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.edge_of_stability.config import BELOW, ORBITS
from ssl_dynamics.experiments.edge_of_stability.design import Design, Solution, Trajectories
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.problem.triplets import Array


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_edge_of_stability`."""
    plan, solution = Design.load(job.input("schedule")), Solution.load(job.input("solution"))
    runs = Trajectories.load(job.input("trajectories"))
    tables = {
        "edge_orbit": orbit_table(runs, plan, solution),
        "edge_period": period_table(runs, plan),
        "edge_attraction": attraction_table(runs, plan, solution),
    }
    write_tables(job, "edge_of_stability", tables)


def told(angles: Array, orbit: str) -> Array:
    """What an angle θ of the orbit of a retraction says that 1/(ηΔ) is: cos 2θ, or sin(2θ)/(2θ)."""
    return np.sinc(2 * angles / np.pi) if orbit == "geodesic" else np.cos(2 * angles)


def orbit_table(runs: Trajectories, plan: Design, solution: Solution) -> pd.DataFrame:
    """Angles to span(v_1 … v_z) at the last two steps, and how far what they say of ηΔ is from it, relatively.

    `error_slow`, `error_fast` if η were wrong; `error_other` if the orbit were that of the other kind of retraction.
    Rows without what was trained are the curves of the figure.
    """
    tables = []
    edges = solution.edges[:, None, None, :]
    leading = solution.eigenvectors[:, : plan.start.shape[-1]]
    other = dict(zip(("qr", "geodesic"), ("geodesic", "qr"), strict=True))
    for retraction, orbit in ORBITS.items():
        angles = principal_angles(runs.weights[retraction][:, :, -2:], leading)  # (H, S, 2, z)

        def error(rate: float = 1.0, *, by: str = orbit, angles: Array = angles) -> Array:
            return np.abs(np.maximum(rate * edges, 1) * told(angles, by) - 1)

        values = {
            "step": plan.step_sizes[:, None, None, None],
            "seed": np.arange(angles.shape[1])[None, :, None, None],
            "time": np.array(plan.checkpoints(orbit)[-2:])[None, None, :, None],
            "pair": 1 + np.arange(angles.shape[3]),
            "edge": edges,
            "beyond": np.arange(len(plan.step_sizes))[:, None, None, None] >= len(BELOW),
            "angle": angles,
            "predicted": solution.angles[orbit][:, None, None, :],
            "error": error(),
            **{f"error_{name}": error(rate) for name, rate in NEAR_RATES.items()},
            "error_other": error(by=other[orbit]),
        }
        rows = {name: np.broadcast_to(value, angles.shape).ravel() for name, value in values.items()}
        tables.append(
            pd.DataFrame(rows).assign(retraction=retraction, steps=plan.steps[orbit], needed=plan.needed[orbit])
        )
    for orbit, curve in solution.curves.items():
        curve_rows = {"edge": solution.curve_edges, "predicted": curve, "retraction": orbit, "beyond": False}
        tables.append(
            pd.DataFrame(curve_rows).assign(seed=0, pair=1, time=0, steps=plan.steps[orbit], needed=plan.needed[orbit])
        )
    return pd.concat(tables)


def period_table(runs: Trajectories, plan: Design) -> pd.DataFrame:
    """Distance of the last span from that of two steps before, in that from the one a step before.

    `error_next` from what training at the next step size, or the one before, was at two steps before: the nearer.
    """
    tables = []
    for retraction, orbit in ORBITS.items():
        W = runs.weights[retraction][len(BELOW) :]  # (H', S, 4, d, z)
        before, last = W[:, :, -3], W[:, :, -1]
        next_one = projector_distance(last[:-1], before[1:]), projector_distance(last[1:], before[:-1])
        none = np.full((1, W.shape[1]), np.inf)
        values = {
            "error": projector_distance(last, before),
            "error_next": np.minimum(np.concatenate([next_one[0], none]), np.concatenate([none, next_one[1]])),
        }
        one = projector_distance(last, W[:, :, -2])
        relative = {name: value / one for name, value in values.items()}
        tables.append(_by_step(relative, plan, retraction).assign(steps=plan.steps[orbit], needed=plan.needed[orbit]))
    return pd.concat(tables)


def attraction_table(runs: Trajectories, plan: Design, solution: Solution) -> pd.DataFrame:
    """Distance of where steps from beside the orbit arrive from the prediction, in their first distance from it."""
    tables = []
    for retraction, orbit in ORBITS.items():
        first = projector_distance(plan.beside[orbit], solution.points[orbit][:, None])
        predicted = {"error": solution.beside[orbit]}
        predicted |= {f"error_{name}": solution.beside_wrong[orbit, name] for name in NEAR_RATES}
        values = {name: projector_distance(runs.beside[retraction], end) / first for name, end in predicted.items()}
        tables.append(_by_step(values, plan, retraction))
    return pd.concat(tables)


def _by_step(values: dict[str, Array], plan: Design, retraction: str) -> pd.DataFrame:
    """A row for each step size beyond the edge and each start; `values` (H', S)."""
    steps, seeds = np.broadcast_arrays(plan.beyond[:, None], np.arange(len(plan.start))[None, :])
    columns = {"retraction": retraction, "step": steps.ravel(), "seed": seeds.ravel()}
    return pd.DataFrame(columns | {name: value.ravel() for name, value in values.items()})
