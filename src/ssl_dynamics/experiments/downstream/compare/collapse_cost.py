"""What the collapse costs a probe as it goes on, beside PCA and the raw items."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssl_dynamics.analysis import Moments
from ssl_dynamics.cells import write_tables
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.downstream.config import ProbeSettings
from ssl_dynamics.labelled import Labelled, Labels
from ssl_dynamics.shared_files import Trajectories, UnconstrainedSolution
from ssl_dynamics.tables import tidy_rows

Array = NDArray[np.float64]


def compare(job: Job[ProbeSettings]) -> None:
    """Stage `compare_collapse_cost`."""
    table = probe_table(
        Trajectories.load(job.input("trajectories")),
        Trajectories.load(job.input("collapsed")),
        UnconstrainedSolution.load(job.input("collapsed_solution")),
        Labelled.load(job.input("labelled")),
        job.settings.penalty,
    )
    write_tables(job, "collapse_cost", {"probes": table})


def probe_table(
    trajectories: Trajectories,
    collapsed: Trajectories,
    collapsed_solution: UnconstrainedSolution,
    labelled: Labelled,
    penalty: float,
) -> pd.DataFrame:
    """Accuracies at every checkpoint of the unconstrained training: of its model as it collapses, and of its span.

    `span` is an orthonormal basis of span exp(−2Ct)W(0), in exact arithmetic (docs/theory.md §2). The same at all
    times: the constrained model at the end of its own training and a checkpoint before, PCA of the train items (z
    components), the raw items. `gained_over_…` counts the test items that only the constrained model gets right,
    `lost_to_…` those that only the other one does. `two_largest` is the share of two classes of the `tested` items.
    """
    trained = trajectories.whole()
    W = trained[:, -1:]
    models = {
        "constrained": W,
        "before": trained[:, -2:-1],
        "collapsed": collapsed.whole(),
        "span": collapsed_solution.span,
        "pca": principal_components(labelled.moments, W.shape[-1]),
        "items": np.eye(W.shape[-2]),
    }
    times = collapsed_solution.times
    shape = (len(W), len(times))
    tables = []
    for probe, hits in labelled.hits(models, penalty).items():
        values = {name: np.broadcast_to(of.mean(-1), shape) for name, of in hits.items()}
        for name in ("collapsed", "before"):
            right, other = hits["constrained"], hits[name]
            values[f"gained_over_{name}"] = np.broadcast_to((right & ~other).sum(-1), shape)
            values[f"lost_to_{name}"] = np.broadcast_to((other & ~right).sum(-1), shape)
        rows = tidy_rows(values, times).assign(probe=probe, tested=len(labelled.test))
        tables.append(rows.assign(two_largest=share_of_the_two_largest(labelled.test_labels)))
    return pd.concat(tables)


def share_of_the_two_largest(labels: Labels) -> float:
    """Share of the items (m,) that are of the two classes with the most of them."""
    sizes = np.sort(np.unique(labels, return_counts=True)[1])
    return float(sizes[-2:].sum() / len(labels))


def principal_components(moments: Moments, z: int) -> Array:
    """The z leading eigenvectors of the covariance of the train items, (d, z)."""
    return np.linalg.eigh(moments.covariance)[1][:, -z:]
