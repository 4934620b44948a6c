"""Stage `compare_drift`: trained wide nets beside the growth rates and amplitudes of their starts."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import first_crossing
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import write_tables
from ssl_dynamics.pipeline.settings import CompareSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.levels import BLOW_UP, DEPARTURE
from ssl_dynamics.theory import log_size

RUN = ["objective", "activation", "width", "seed"]


def compute(job: Job[CompareSettings]) -> None:
    trained, supervised, solution = (read_arrays(job.input(name)) for name in ("trained", "supervised", "solution"))
    rows = pd.concat(
        [
            pd.DataFrame(supervised).assign(objective="supervised"),
            *(_of(trained, objective).assign(objective=objective) for objective in ("dot-product", "cosine")),
        ],
        ignore_index=True,
    )
    delay = float(solution.pop("blow_up_delay"))
    rates, gram = solution.pop("rates"), solution.pop("gram")
    nets = pd.DataFrame(solution).assign(growth_rate=rates[:, 0], net=np.arange(len(rates)))
    runs = pd.DataFrame(
        [dict(zip(RUN, run, strict=True)) | _summary(part) for run, part in rows.groupby(RUN, sort=True)]
    )
    runs = runs.merge(nets, on=RUN[1:], validate="many_to_one")
    # μ_h t + ln a_h at the departure, the z leading modes each at its own rate; at the start where there is none.
    times, net = runs["departure_time"].fillna(0), runs.pop("net")
    runs["amplitude"] = np.exp(log_size(rates[net], gram[net], times) - runs["growth_rate"] * times)
    runs["blow_up_delay"] *= runs["growth_rate"]
    predicted = (runs["objective"] == "dot-product") & (runs["activation"] == "identity")
    runs["predicted_delay"] = np.where(predicted, delay, np.nan)
    runs["unreachable"] = runs["unreachable"].where(runs["objective"] == "supervised")
    runs["drift_by_plateau"] = _drift_by_plateau(rows, runs)
    write_tables(job, "drift", {"kernel_drift": _since_departure(rows, runs), "departures": runs})


def _of(arrays: Arrays, objective: str) -> pd.DataFrame:
    """The rows of one objective, by the names of their columns without it."""
    prefix = f"{objective}_"
    return pd.DataFrame(
        {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
    )


def _summary(run: pd.DataFrame) -> dict[str, float]:
    """Of one run: its end, its departure, its blow-up; what did not happen is left empty.

    `blow_up_delay` is T − t_0.5: outputs of a net that blows up at T grow at the rate 1/(T − t) (docs/theory.md §4).
    """
    last = run.iloc[-1]
    departure = first_crossing(run["time"], run["drift"], DEPARTURE)
    blows_up = last["drift_second"] >= BLOW_UP
    return {
        **{name: last[name] for name in ("time", "value", "drift", "drift_first", "drift_second")},
        "excess": last["value"] / run["value"].iloc[0],
        "largest_drift": run["drift"].max(),
        "departed": float(np.isfinite(departure)),
        "departure_time": departure,
        "blows_up": float(blows_up),
        "blow_up_delay": last["time"] + 1 / last["rate"] - departure if blows_up else np.nan,
    }


def _drift_by_plateau(rows: pd.DataFrame, runs: pd.DataFrame) -> pd.Series:
    """Drift of each dot-product run at the last row before the same start has its plateau with cosine similarity."""
    keys = RUN[1:]
    plateaus = runs[runs["objective"] == "cosine"].set_index(keys)["time"].rename("plateau")
    dot = rows[rows["objective"] == "dot-product"].join(plateaus, on=keys)
    by_then = dot[dot["time"] <= dot["plateau"]].groupby(keys)["drift"].last().rename("by_then")
    joined = runs.join(by_then, on=keys)["by_then"]
    return joined.where(runs["objective"] == "dot-product", runs["drift"].where(runs["objective"] == "cosine"))


def _since_departure(rows: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows with μ(t − t_0.5), empty for runs that do not depart."""
    own = rows.merge(runs[[*RUN, "departure_time", "growth_rate", "predicted_delay"]], on=RUN, validate="many_to_one")
    own["since_departure"] = own["growth_rate"] * (own["time"] - own["departure_time"])
    values = ["time", "value", "rate", "drift", "drift_first", "drift_second", "since_departure", "predicted_delay"]
    return own[[*RUN, *values]]


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_drift", CompareSettings, compute)
