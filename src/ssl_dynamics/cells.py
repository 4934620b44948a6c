"""Cells: what the stages of all experiments share on a data set, a loss and a dimension."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.artifacts import read_arrays, write_table
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.problem.names import Device, Loss
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

    def cell_labels(self) -> dict[str, str | int]:
        """Data set, loss and dimension."""
        return {"dataset": self.dataset_name, "loss": self.loss, "dimension": self.dimension}


C = TypeVar("C", bound=CompareSettings)
P = TypeVar("P")


def divided(pieces: Iterable[P], work: Callable[[P], float], most: float) -> list[list[P]]:
    """The pieces of the work of a cell in parts, a job each: in order, of at most so much work unless of one piece."""
    parts: list[list[P]] = [[]]
    for piece in pieces:
        if parts[-1] and sum(map(work, (*parts[-1], piece))) > most:
            parts.append([])
        parts[-1].append(piece)
    return parts


def read_form(path: Path) -> NDArray[np.float64]:
    """C (d, d) of a quadratic form."""
    return read_arrays(path)["C"]


def write_tables(job: Job[C], experiment: str, tables: "dict[str, pd.DataFrame]") -> None:
    """Write each table to the output of its name, every row labelled with its cell."""
    labels = job.settings.cell_labels() | {"dynamics": experiment}
    for name, table in tables.items():
        write_table(job.output(name), table.assign(**labels)[[*labels, *table.columns]])
