"""Where trained linear nets and their Gram equations meet for the first time."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import first_passage
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.departure.design import Design, Solution, Trajectories
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.tables import MOST_EXTRAPOLATIONS, combinations, extrapolated

MOMENTS = ("fixed", "logarithmic")


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_departure`."""
    plan = Design.load(job.input("plan"))
    trajectories = Trajectories.load(job.input("trajectories"))
    solution = Solution.load(job.input("solution"))
    tables = equation_tables(plan, solution)
    nets = nets_table(plan, trajectories, solution)
    departures = pd.concat([tables["departure"], net_rows(nets, tables["departure"])])
    write_tables(job, "departure", tables | {"departure": departures, "gram_nets": nets})


def equations(job: Job[CompareSettings]) -> None:
    """Stage `equations_departure`."""
    plan, solution = Design.load(job.input("plan")), Solution.load(job.input("solution"))
    write_tables(job, "departure", equation_tables(plan, solution))


def equation_tables(plan: Design, solution: Solution) -> dict[str, pd.DataFrame]:
    """The tables of what the Gram equations and the laws say of nets of every width."""
    return {
        "departure": departure_table(plan, solution),
        "blow_up": blow_up_table(plan, solution),
        "fixed_time": fixed_time_table(plan, solution),
    }


def nets_table(plan: Design, trajectories: Trajectories, solution: Solution) -> pd.DataFrame:
    """μ times departures of nets, as trained at each step size or extrapolated, and as predicted, and |t − t'|.

    A net that has not departed has no row.
    """
    rate = float(solution.rate[0])
    tables = []
    for width in map(int, plan.trained):
        measured = [
            first_passage(trajectories.times[width, level], trajectories.drift[width, level], DEPARTURE)
            for level in range(len(plan.learning_rates))
        ]
        predicted = solution.departure[list(plan.widths).index(width)]
        for level, weights in combinations(len(measured)):
            departure = extrapolated(measured, level, weights)
            table = pd.DataFrame(
                {
                    "width": width,
                    "seed": np.arange(len(departure)),
                    "learning_rate": plan.learning_rates[level],
                    "step": rate * plan.learning_rates[level],
                    "extrapolations": len(weights) - 1,
                    "departure": rate * departure,
                    "predicted": rate * predicted,
                    "error": rate * np.abs(departure - predicted),
                }
            )
            tables.append(table[np.isfinite(departure)])
    return pd.concat(tables)


def departure_table(plan: Design, solution: Solution) -> pd.DataFrame:
    """μ times the departure by the Gram equations at every width, beside the law.

    `other_modes` is the largest sum, over the starts, of the squares of the modes that the law leaves out over its own.
    """
    rate = solution.rate[:, None]
    columns = {name: rate * getattr(solution, name) for name in ("departure", "law", "law_second_order")}
    columns["other_modes"] = np.broadcast_to(solution.other_modes[:, None], solution.departure.shape)
    return _rows(plan, columns).assign(model="equations")


def net_rows(nets: pd.DataFrame, equations: pd.DataFrame) -> pd.DataFrame:
    """μ times the departure of trained nets, extrapolated, beside the law: rows like those of the equations."""
    best = nets[nets["extrapolations"] == MOST_EXTRAPOLATIONS]
    best = best[best["learning_rate"] == best["learning_rate"].min()][["width", "seed", "departure"]]
    laws = equations.drop(columns=["departure", "model"])
    rows: pd.DataFrame = best.astype({"width": np.float64}).merge(laws, on=["width", "seed"]).assign(model="nets")
    return rows


def blow_up_table(plan: Design, solution: Solution) -> pd.DataFrame:
    """Time from the departure to the blow-up, times μ, by the Gram equations and by the law of one mode."""
    rate, remaining = solution.rate[:, None], solution.blow_up - solution.departure
    laws = {"law_remaining": np.broadcast_to(rate * solution.law_remaining[:, None], remaining.shape)}
    laws["other_modes"] = np.broadcast_to(solution.other_modes[:, None], remaining.shape)
    return _rows(plan, {"remaining": rate * remaining, **laws})


def fixed_time_table(plan: Design, solution: Solution) -> pd.DataFrame:
    """Drift at t = 2/μ and at t = (ln h/2 − 1)/μ, of the nets that have not blown up by then."""
    tables = [
        _rows(plan, {"drift": solution.drift[..., i], "alive": solution.alive[..., i]}).assign(moment=moment)
        for i, moment in enumerate(MOMENTS)
    ]
    table = pd.concat(tables)
    kept: pd.DataFrame = table[table["alive"] & (table["drift"] > 0)].drop(columns="alive")
    return kept


def _rows(plan: Design, values: dict[str, NDArray[Any]]) -> pd.DataFrame:
    """One row for each width and seed; `values` (widths, S)."""
    shape = next(iter(values.values())).shape
    widths, seeds = np.broadcast_arrays(plan.widths[:, None], np.arange(shape[1]))
    return pd.DataFrame({"width": widths.ravel(), "seed": seeds.ravel()} | {k: v.ravel() for k, v in values.items()})
