"""Finite samples, as data: nothing is trained."""

from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.description import Experiment, Family, Figure, Stage, compare_stage
from ssl_dynamics.experiments.finite_sample.config import FiniteSample, SolveSettings

FINITE_SAMPLE = Experiment(
    "finite_sample",
    settings=FiniteSample,
    part="framework",
    tables=("sines",),
    repetitions="finite_sample.resamples",
)
SPANS = "{dataset}/{loss}/finite_sample/spans.npz"  # of the largest dimension: those of the others lie within

COMPARE = compare_stage(
    FINITE_SAMPLE,
    rule="compare_finite_sample",
    function="compare:compare",
    settings=CompareSettings,
    reads={"spans": SPANS},
    memory=1500,
)

FAMILY = Family(
    experiments=(FINITE_SAMPLE,),
    stages=(
        Stage(
            rule="sample_spans",
            function="solve:solve",
            settings=SolveSettings,
            given={"dataset": "dataset_settings"},
            reads_data=True,
            writes={"spans": SPANS},
            message="spans of finite samples",
            memory=1500,
            minutes=10,
        ),
        COMPARE,
    ),
    equations=(COMPARE,),  # nothing is trained
    figures=(
        Figure(
            "finite-sample",
            tables=("sines",),
            finding="Spans learned from n triplets are off as predicted: measured over predicted size is "
            "{A5-finite-sample}.",
        ),
    ),
)
