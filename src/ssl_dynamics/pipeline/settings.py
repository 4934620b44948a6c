"""What each stage reads of the configuration: a value that is not in here cannot reach a stage unseen by its rule."""

from typing import Annotated, Any

from pydantic import Field

from ssl_dynamics.pipeline.experiments import (
    ConstrainedNets,
    Departure,
    Depth,
    Drift,
    Dynamics,
    FiniteSample,
    FiniteSteps,
    Grassmannian,
    Kernel,
    LearningTimes,
    MiniBatch,
    Narrow,
    TwoLayerKind,
    Unconstrained,
    Wide,
)
from ssl_dynamics.problem.settings import DatasetSettings, Loss, Objective, Settings


class TripletsSettings(Settings):
    """What the stage `triplets` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings
    checksum: Annotated[str, Field(description="of the shipped data, where the data set is shipped")]


class QuadraticFormSettings(Settings):
    """What the stage `quadratic_form` reads of the configuration."""

    loss: Loss


class ScheduleSettings(Settings):
    """What the stage `schedule` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    dynamics: Unconstrained | Grassmannian


class SimulateSettings(Settings):
    """What the stage `simulate` reads of the configuration."""

    loss: Loss
    dynamics: Dynamics


class SolveSettings(Settings):
    """What the stage `solve` reads of the configuration."""

    dynamics: Dynamics


class CompareSettings(Settings):
    """What the stages `compare_…` read of the configuration: the labels of their rows."""

    dataset_name: str
    loss: Loss
    dimension: int


class ClaimsSettings(Settings):
    """What the stage `claims` reads of the configuration."""

    root_seed: int
    config_name: str
    seeds: Annotated[dict[str, int], Field(description="repetitions of each experiment, none of which may be missing")]
    grid: Annotated[
        dict[str, list[tuple[str, str, int]]],
        Field(description="cells of each experiment, none of which may be missing"),
    ]


class FigureSettings(Settings):
    """What the stage `figure` reads of the configuration."""

    function: str  # that draws it, "module:function"
    tables: list[str]  # in the order of its arguments


class NotebookSettings(Settings):
    """What the stage `notebook` reads of the configuration."""

    notebook: Annotated[str, Field(description="path of the notebook that is executed")]
    tables: Annotated[list[str], Field(description="its parameters, a list of files each; empty where there are none")]


class PaperSettings(Settings):
    """What the stage `paper` reads of the configuration: all of it, to state the set-up in the text."""

    config: dict[str, Any]
    forms: Annotated[list[tuple[str, Loss]], Field(description="(data set, loss) of each quadratic form, in order")]


class NoSettings(Settings):
    """For the stages that read nothing of the configuration."""


class FiniteStepsScheduleSettings(Settings):
    """What the stage `finite_steps_schedule` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    grassmannian: Grassmannian
    finite_steps: FiniteSteps


class FiniteStepsSettings(Settings):
    """What the stage `simulate_finite_steps` reads of the configuration."""

    loss: Loss


class ScheduleObjectivesSettings(Settings):
    """What the stage `schedule_objectives` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    triplets: int
    temperatures: list[float]


class SimulateObjectivesSettings(Settings):
    """What the stage `simulate_objectives` reads of the configuration."""

    iterations: dict[Objective, int]
    tolerance: float
    checkpoints: int
    temperature_tolerance: float
    temperature_iterations: int


class ObjectivesTableSettings(Settings):
    """What the stage `objectives_table` reads of the configuration."""

    root_seed: int


class ScheduleKernelSettings(Settings):
    """What the stage `schedule_kernel` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    loss: Loss
    dimension: int
    kernel: Kernel


class LossSettings(Settings):
    """What the stages `simulate_kernel` and `solve_kernel` read of the configuration."""

    loss: Loss


class LayersSettings(Settings):
    """What the stage `layers` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    net: Narrow | Wide


class SimulateLayersSettings(Settings):
    """What the stage `simulate_layers` reads of the configuration."""

    loss: Loss
    kind: TwoLayerKind


class SolveLayersSettings(Settings):
    """What the stages `solve_narrow` and `solve_wide` read of the configuration."""

    integrated_numbers: int


class LabelledSettings(Settings):
    """What the stage `labelled` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings


class CompareDownstreamSettings(CompareSettings):
    """What the stages `compare_downstream` and `compare_collapse_cost` read of the configuration."""

    penalty: float


class SolveLearningTimesSettings(Settings):
    """What the stage `solve_learning_times` reads of the configuration."""

    learning_times: LearningTimes


class SimulateLearningTimesSettings(Settings):
    """What the stage `simulate_learning_times` reads of the configuration."""

    loss: Loss


class SampleSpansSettings(Settings):
    """What the stage `sample_spans` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings
    loss: Loss
    finite_sample: FiniteSample


class PlanMiniBatchSettings(Settings):
    """What the stage `plan_mini_batch` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    mini_batch: MiniBatch


class SimulateMiniBatchSettings(Settings):
    """What the stage `simulate_mini_batch` reads of the configuration."""

    root_seed: int
    dataset_name: str
    loss: Loss
    dimension: int
    steps: list[float]
    batches: list[int]


class PointsSettings(Settings):
    """What the stage `points` reads of the configuration."""

    triplets: int
    components: int


class PlanDepartureSettings(Settings):
    """What the stage `plan_departure` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    loss: Loss
    dimension: int
    departure: Departure


class PlanConstrainedNetsSettings(Settings):
    """What the stage `plan_constrained_nets` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    loss: Loss
    dimension: int
    constrained_nets: ConstrainedNets


class DriftSettings(Settings):
    """What the stages `simulate_supervised`, `simulate_drift` and `solve_drift` read, the first without `loss`."""

    root_seed: int
    seeds: int
    dataset_name: str
    loss: Loss | None
    dimension: int
    drift: Drift


class CompareKernelLimitSettings(CompareSettings):
    """What the stage `compare_kernel_limit` reads of the configuration."""

    root_seed: int
    seeds: int
    widths: list[int]


class DepthSettings(Settings):
    """What the stages `simulate_depth` and `solve_depth` read of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    loss: Loss
    dimension: int
    depth: Depth


class CompareDepthSettings(CompareSettings):
    """What the stage `compare_depth` reads of the configuration."""

    depth: Depth


class PageSettings(Settings):
    """What the stage `page` reads of the configuration."""

    root_seed: int
    config_name: str
    seeds: Annotated[dict[str, int], Field(description="repetitions of each experiment that is run")]
    captions: Annotated[dict[str, str], Field(description="what each figure shows, in a line")]
