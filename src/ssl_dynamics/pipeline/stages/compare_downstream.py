"""Stage `compare_downstream`: test accuracy of probes on the constrained model, as trained and as predicted."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import combined_span, labelled_moments, probe_accuracies, richardson_weights
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import STEP_RATIO, tidy_rows, whole_trajectory, write_tables
from ssl_dynamics.pipeline.settings import CompareDownstreamSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]


def compute(job: Job[CompareDownstreamSettings]) -> None:
    trajectories = read_arrays(job.input("trajectories"))
    solution = read_arrays(job.input("solution"))
    labelled = read_arrays(job.input("labelled"))
    table = accuracy_table(trajectories, solution, labelled, job.settings.penalty)
    write_tables(job, "downstream", {"accuracy": table})


def accuracy_table(trajectories: Arrays, solution: Arrays, labelled: Arrays, penalty: float) -> pd.DataFrame:
    """Accuracies at every checkpoint: trained, extrapolated to η → 0 once, predicted, predicted at rate 1.

    Where training goes on at a single step size, after the transient, nothing can be extrapolated: it is as trained.
    """
    W = whole_trajectory(trajectories)
    fine, coarse = trajectories["weights_0"], trajectories["weights_1"]
    span = combined_span([coarse, fine], richardson_weights(STEP_RATIO, 1).tolist())
    models = {
        "trained": W,
        "extrapolated": np.concatenate([span, W[:, span.shape[1] :]], axis=1),
        "predicted": solution["basis"],
        "predicted_control": solution["basis_control"],
    }
    moments = labelled_moments(labelled["train"], labelled["train_labels"])
    accuracies = {
        name: probe_accuracies(weights, moments, labelled["test"], labelled["test_labels"], penalty=penalty)
        for name, weights in models.items()
    }
    return pd.concat(
        tidy_rows({name: accuracies[name][probe] for name in models}, solution["times"]).assign(probe=probe)
        for probe in accuracies["trained"]
    )


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_downstream", CompareDownstreamSettings, compute)
