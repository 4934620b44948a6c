"""Trained wide nets beside the growth rates and amplitudes of their starts."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import first_crossing, log_growth
from ssl_dynamics.cells import CompareSettings, write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.drift.config import PREDICTED, WITHIN
from ssl_dynamics.experiments.drift.design import OBJECTIVES, Rows, Solution, SupervisedSolution, Trained
from ssl_dynamics.problem.levels import BLOW_UP, DEPARTURE

NET = ["activation", "width", "seed"]
RUN = ["objective", *NET]


def compare(job: Job[CompareSettings]) -> None:
    """Stage `compare_drift`."""
    supervised = [("supervised", Rows.load(path)) for path in job.inputs["supervised"]]
    trained = [part for path in job.inputs["trained"] for part in Trained.load(path).rows.items()]
    trained.sort(key=lambda part: OBJECTIVES.index(part[0]))
    solution = Solution.load(job.input("solution"))
    rows = pd.concat(
        [pd.DataFrame(part.to_arrays()).assign(objective=objective) for objective, part in (*supervised, *trained)],
        ignore_index=True,
    )
    runs = departures_table(rows, solution, SupervisedSolution.load(job.input("supervised_solution")))
    write_tables(job, "drift", {"kernel_drift": since_departure_table(rows, runs), "departures": runs})


def departures_table(rows: pd.DataFrame, solution: Solution, supervised: SupervisedSolution) -> pd.DataFrame:
    """Every run in one row: how it ends, when it departs and blows up, and what the start of its net says of that.

    `in_time` is 4 ln h/(2μ) over the time of departure, 0 for a net that does not depart; `compared_drift` the drift
    that `predicted_drift` predicts, of a part of the kernel: supervised at the end, with cosine at a fixed time.
    """
    columns = (*NET, "limit_rate", "unreachable", "growth_rate", "gram_departure", "gram_blow_up")
    columns += ("cosine_time", "cosine_drift")
    nets = pd.DataFrame({name: getattr(solution, name) for name in columns}).assign(net=np.arange(len(solution.width)))
    runs = pd.DataFrame(
        [dict(zip(RUN, run, strict=True)) | _summary(part) for run, part in rows.groupby(RUN, sort=True)]
    )
    runs = runs.merge(nets, on=NET, validate="many_to_one")
    net, departures = runs.pop("net"), runs["departure_time"]
    runs["frozen_change"] = [
        np.exp(log_growth(solution.moments[k], solution.change[k], solution.growth_rate[k], time))
        if np.isfinite(time)
        else np.nan
        for k, time in zip(net, departures, strict=True)
    ]
    # Not the drift by then: what follows the departure amplifies rounding.
    runs["in_time"] = (WITHIN * np.log(runs["width"]) / (2 * runs["growth_rate"]) / departures).fillna(0)
    runs["blow_up_delay"] *= runs["growth_rate"]
    predicted = (runs["objective"] == "dot-product") & (runs["activation"] == "identity")
    runs["limit_delay"] = np.where(predicted, solution.blow_up_delay, np.nan)
    blow_up, departure = (runs.pop(f"gram_{name}") for name in ("blow_up", "departure"))
    runs["predicted_delay"] = (runs["growth_rate"] * (blow_up - departure)).where(predicted)
    runs["unreachable"] = runs["unreachable"].where(runs["objective"] == "supervised")
    fitted = pd.DataFrame(supervised.to_arrays()).rename(columns={"drift": "supervised_drift"})
    runs = runs.merge(fitted, on=NET, validate="many_to_one")
    cosine, times, fits = runs.pop("cosine_drift"), runs.pop("cosine_time"), runs.pop("supervised_drift")
    runs["predicted_drift"] = _by_objective(runs, supervised=fits, cosine=cosine)
    at_time = _part_at(rows[rows["objective"] == "cosine"], runs, times)
    runs["compared_drift"] = _by_objective(runs, supervised=_part(runs).where(fits.notna()), cosine=at_time)
    return runs


def _part(table: pd.DataFrame) -> pd.Series:
    """Of each row the drift of that part of the kernel whose drift is predicted for its activation."""
    return table["drift"].where(table["activation"].map(PREDICTED) == "all", table["drift_second"])


def _by_objective(runs: pd.DataFrame, **columns: pd.Series) -> pd.Series:
    """Of each run the column that is named as its objective; nan where there is none."""
    chosen = pd.Series(np.nan, index=runs.index)
    for objective, column in columns.items():
        chosen = chosen.mask(runs["objective"] == objective, column)
    return chosen


def since_departure_table(rows: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows with μ(t − t_0.5), empty for runs that do not depart."""
    own = rows.merge(runs[[*RUN, "departure_time", "growth_rate", "limit_delay"]], on=RUN, validate="many_to_one")
    own["since_departure"] = own["growth_rate"] * (own["time"] - own["departure_time"])
    values = ["time", "value", "rate", "drift", "drift_first", "drift_second", "since_departure", "limit_delay"]
    return own[[*RUN, *values]]


def _summary(run: pd.DataFrame) -> dict[str, float]:
    """Of one run: its end, its departure, its blow-up; what did not happen is left empty.

    `blow_up_delay` is T − t_0.5: outputs of a net that blows up at T grow at the rate 1/(T − t) (docs/theory.md §4).
    `growth_times_left` is the same over 1/(growth rate at the departure), of a net that does not blow up at least that.
    """
    last = run.iloc[-1]
    departure = first_crossing(run["time"], run["drift"], DEPARTURE)
    left = last["time"] + 1 / last["rate"] - departure  # nan where no rate was recorded
    return {
        **{name: last[name] for name in ("time", "value", "drift", "drift_first", "drift_second")},
        "excess": last["value"] / run["value"].iloc[0],
        "largest_drift": run["drift"].max(),
        "departed": float(np.isfinite(departure)),
        "departure_time": departure,
        "growth_times_left": np.interp(departure, run["time"], run["rate"]) * left,
        "blow_up_delay": left if last["drift_second"] >= BLOW_UP else np.nan,
    }


def _part_at(rows: pd.DataFrame, runs: pd.DataFrame, times: pd.Series) -> pd.Series:
    """That drift of each run at a time of its own, its logarithm between the rows by a line; nan without rows."""
    found = pd.Series(np.nan, index=runs.index)
    rows = rows.assign(part=_part(rows))
    curves = dict(iter(rows[rows["part"] > 0].groupby(RUN)))
    for place, key in zip(runs.index, runs[RUN].itertuples(index=False, name=None), strict=True):
        if key in curves:
            found[place] = np.exp(np.interp(times[place], curves[key]["time"], np.log(curves[key]["part"])))
    return found
