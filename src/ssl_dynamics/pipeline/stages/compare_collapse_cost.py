"""Stage `compare_collapse_cost`: what the collapse costs a probe as it goes on, beside PCA and the raw items."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import Moments, labelled_moments, probe_accuracies
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays
from ssl_dynamics.pipeline.comparison import tidy_rows, whole_trajectory, write_tables
from ssl_dynamics.pipeline.settings import CompareDownstreamSettings
from ssl_dynamics.pipeline.stage import Job, main

Array = NDArray[np.float64]


def compute(job: Job[CompareDownstreamSettings]) -> None:
    trajectories, collapsed, collapsed_solution, labelled = (
        read_arrays(job.input(name)) for name in ("trajectories", "collapsed", "collapsed_solution", "labelled")
    )
    table = probe_table(trajectories, collapsed, collapsed_solution, labelled, job.settings.penalty)
    write_tables(job, "collapse_cost", {"probes": table})


def probe_table(
    trajectories: Arrays, collapsed: Arrays, collapsed_solution: Arrays, labelled: Arrays, penalty: float
) -> pd.DataFrame:
    """Accuracies at every checkpoint of the unconstrained training: of its model as it collapses, and of its span.

    `span` is an orthonormal basis of span exp(−2Ct)W(0), in exact arithmetic (docs/theory.md §2). The same at all
    times: the constrained model at the end of its own training, PCA of the train items (z components), the raw
    items.
    """
    moments = labelled_moments(labelled["train"], labelled["train_labels"])
    W = whole_trajectory(trajectories)[:, -1:]
    models = {
        "constrained": W,
        "collapsed": collapsed["weights_0"],
        "span": collapsed_solution["span"],
        "pca": principal_components(moments, W.shape[-1]),
        "items": np.eye(W.shape[-2]),
    }
    accuracies = {
        name: probe_accuracies(weights, moments, labelled["test"], labelled["test_labels"], penalty=penalty)
        for name, weights in models.items()
    }
    times = collapsed_solution["times"]
    return pd.concat(
        tidy_rows(
            {name: np.broadcast_to(accuracies[name][probe], (len(W), len(times))) for name in models}, times
        ).assign(probe=probe, classes=len(moments.classes))
        for probe in accuracies["constrained"]
    )


def principal_components(moments: Moments, z: int) -> Array:
    """The z leading eigenvectors of the covariance of the train items, (d, z)."""
    return np.linalg.eigh(moments.covariance)[1][:, -z:]


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.compare_collapse_cost", CompareDownstreamSettings, compute)
