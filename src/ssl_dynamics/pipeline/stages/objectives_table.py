"""Stage `objectives_table`: one table of all objectives on all data sets, means over seeds with 95 % intervals."""

import numpy as np
import pandas as pd

from ssl_dynamics.analysis import bootstrap_interval
from ssl_dynamics.pipeline.artifacts import read_table, write_table
from ssl_dynamics.pipeline.settings import ObjectivesTableSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.streams import stream

KEYS = ["dataset", "dimension", "objective"]


def compute(job: Job[ObjectivesTableSettings]) -> None:
    objectives, learning = (pd.concat(map(read_table, job.inputs[name])) for name in ("objectives", "learning"))
    final = objectives[objectives["iteration"] == objectives.groupby(KEYS)["iteration"].transform("max")]
    angles = ["sine", "mean_square_sine", "sine_in_batch", "mean_square_sine_in_batch"]
    quantities = {
        **dict.fromkeys([*angles, "effective_rank"], final),
        **dict.fromkeys(["learning_time", "gradient_left"], learning),
    }
    rows = []
    for quantity, table in quantities.items():
        for key, group in table.groupby(KEYS, sort=False):
            random = stream(job.settings.root_seed, "bootstrap", quantity, *map(str, key))
            values = group[quantity].to_numpy()
            low, high = bootstrap_interval(values, np.mean, random)
            labels = dict(zip(KEYS, key, strict=True))
            numbers = {"mean": values.mean(), "ci_low": low, "ci_high": high, "seeds": len(values)}
            rows.append({**labels, "quantity": quantity, **numbers})
    write_table(job.output("table"), pd.DataFrame(rows))


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.objectives_table", ObjectivesTableSettings, compute)
