"""Cells: what the stages of all experiments share on a data set, a loss and a dimension."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.artifacts import read_arrays, write_table
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.problem.settings import Device, Loss
from ssl_dynamics.settings import Settings

if TYPE_CHECKING:  # stages that compare nothing start sooner without pandas
    import pandas as pd


class LossSettings(Settings):
    """What a stage reads of the configuration that knows the loss alone."""

    loss: Loss


class TrainingSettings(LossSettings):
    """What a stage reads of the configuration that trains and knows the loss alone."""

    device: Device


class PointsSettings(Settings):
    """What the stages `points` and `net_triplets` read of the configuration."""

    triplets: int
    components: int


class StartSettings(Settings):
    """What a stage reads of the configuration that draws starts."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int


class CompareSettings(Settings):
    """What comparisons read of the configuration: the labels of their rows."""

    dataset_name: str
    loss: Loss
    dimension: int


C = TypeVar("C", bound=CompareSettings)


def read_form(path: Path) -> NDArray[np.float64]:
    """C (d, d) of a quadratic form."""
    return read_arrays(path)["C"]


def write_tables(job: Job[C], experiment: str, tables: "dict[str, pd.DataFrame]") -> None:
    """Write each table to the output of its name, every row labelled with its cell."""
    settings = job.settings
    labels: dict[str, str | int] = {
        "dataset": settings.dataset_name,
        "loss": settings.loss,
        "dimension": settings.dimension,
        "dynamics": experiment,
    }
    for name, table in tables.items():
        write_table(job.output(name), table.assign(**labels)[[*labels, *table.columns]])
