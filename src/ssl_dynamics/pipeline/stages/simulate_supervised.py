"""Stage `simulate_supervised`: wide two-layer nets learn regression targets on the anchors."""

import numpy as np

from ssl_dynamics.kernels import infinite_width_ntk
from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import DriftSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.pipeline.wide_nets import regression_targets, stacked, starts
from ssl_dynamics.simulation.drift import regression_value, train_to_fit
from ssl_dynamics.simulation.wide_nets import Nets

# Step size in units of n/λ_max(Θ∞), times `step`: stable below 2/`step`, with room for kernels of narrow nets.
STEP = 4.0


def compute(job: Job[DriftSettings]) -> None:
    settings = job.settings
    anchor = read_arrays(job.input("points"))["anchor"]
    targets = {
        activation: regression_targets(settings, anchor, activation) for activation in settings.drift.activations
    }
    tables = []
    for start in starts(settings, anchor.shape[1]):
        largest = np.linalg.norm(infinite_width_ntk(anchor, activation=start.activation), 2)
        rows = train_to_fit(
            Nets(anchor, start.W1, start.W2, start.activation, anchors=len(anchor)),
            regression_value(targets[start.activation]),
            learning_rate=float(STEP * settings.drift.step * len(anchor) / largest),
        )
        tables.append(start.labelled(rows))
        job.log.info("%s, width %d: %d rows", start.activation, start.width, len(rows["seed"]))
    write_arrays(job.output("supervised"), stacked(tables))


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_supervised", DriftSettings, compute)
