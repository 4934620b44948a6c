"""Probes on labelled items, as data: nothing is trained or solved but what the single-layer dynamics left."""

from collections.abc import Mapping

from ssl_dynamics.description import LABELLED, Experiment, Family, Figure, Stage, cell, compare_stage
from ssl_dynamics.experiments.downstream.config import CollapseCost, Downstream, ProbeSettings

DOWNSTREAM = Experiment(
    "downstream",
    settings=Downstream,
    part="framework",
    tables=("accuracy",),
    needs_labels=True,
)
COLLAPSE_COST = Experiment(
    "collapse_cost",
    settings=CollapseCost,
    part="framework",
    tables=("probes",),
    needs_labels=True,
    smallest_dimension=2,  # a single dimension cannot collapse further
)
CONSTRAINED, COLLAPSED = cell("grassmannian"), cell("unconstrained")


def _compare(experiment: Experiment, reads: Mapping[str, str], *, memory: int) -> Stage:
    return compare_stage(
        experiment,
        rule=f"compare_{experiment.name}",
        function=f"compare.{experiment.name}:compare",
        settings=ProbeSettings,
        reads={**reads, "labelled": LABELLED},
        given={"penalty": f"{experiment.name}.penalty"},
        memory=memory,
        group="report",
    )


FAMILY = Family(
    experiments=(DOWNSTREAM, COLLAPSE_COST),
    stages=(
        _compare(
            DOWNSTREAM,
            {name: f"{CONSTRAINED}/{name}.npz" for name in ("trajectories", "solution")},
            memory=2000,
        ),
        _compare(
            COLLAPSE_COST,
            {
                "trajectories": f"{CONSTRAINED}/trajectories.npz",
                "collapsed": f"{COLLAPSED}/trajectories.npz",
                "collapsed_solution": f"{COLLAPSED}/solution.npz",
            },
            memory=1500,
        ),
    ),
    figures=(
        Figure(
            "downstream",
            tables=("accuracy",),
            in_paper=True,
            finding="The closed form, without any training, gives the test accuracy of trained models to "
            "{A5-accuracy}.",
        ),
        Figure(
            "probes",
            tables=("probes",),
            in_paper=True,
            finding="A probe on the collapsed model does no better than naming two classes; on the constrained model "
            "it gets more items right.",
        ),
    ),
)
