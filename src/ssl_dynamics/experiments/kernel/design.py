"""What the stages leave to each other on each kernel, and the files in which they keep it for all kernels."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.problem.schedule import Schedule

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """All that simulation and theory share on one kernel: the kernel, U(0), Y, weight decay, steps and times."""

    K: Array  # (N, N)
    start: Array  # U(0), (S, N, z)
    target: Array  # Y of the regression
    decay: float  # δ
    learning_rates: Array  # of the self-supervised runs, finest first
    coarse_steps: NDArray[np.int64]
    regression_rates: Array  # finest first; the last one is that at which the regression goes on after its transient
    regression_steps: NDArray[np.int64]  # of the transient, in the coarsest steps
    regression_late: NDArray[np.int64]  # after it

    @property
    def schedule(self) -> Schedule:
        """Of the self-supervised runs."""
        return Schedule(self.learning_rates, self.coarse_steps, len(self.coarse_steps))

    @property
    def regression(self) -> Schedule:
        """Of the transient of the regression."""
        return Schedule(self.regression_rates[:-1], self.regression_steps, len(self.regression_steps))

    @property
    def late_rate(self) -> float:
        """Step size at which the regression goes on."""
        return float(self.regression_rates[-1])

    @property
    def late_times(self) -> Array:
        """Times of the checkpoints after the transient of the regression."""
        times: Array = self.regression.times[-1] + self.regression_late * self.late_rate
        return times

    @property
    def total_steps(self) -> int:
        """Steps of all runs."""
        return self.schedule.total_steps + self.regression.total_steps + int(self.regression_late[-1])


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Trained on one kernel, by step size: self-supervised, without and with weight decay, and in regression.

    Self-supervised representations are `functions` · exp(`log_scale`).
    """

    functions: dict[int, Array]  # (S, T, N, z)
    functions_decay: dict[int, Array]
    log_scale: dict[int, Array]  # (S, T)
    log_scale_decay: dict[int, Array]
    regression: dict[int, Array]  # over the transient
    regression_late: Array  # after it, from the finest step size


@dataclass(frozen=True)
class Solution(ArrayFile):
    """In closed form on one kernel, at the checkpoints; the controls, by name, run at a wrong rate."""

    times: Array  # (T,)
    eigenvalues: Array  # of LᵀAL
    late: NDArray[np.int64]  # first and last checkpoint of the late window, (S, 2)
    eigenfunction: Array  # Lv_1, (N,)
    log_singular_values: Array  # (S, T, z)
    log_singular_values_control: dict[str, Array]
    descent: dict[int, Array]  # by step size, logarithms of singular values of discrete steps, (S, T, z)
    descent_decay: dict[int, Array]  # with weight decay
    descent_whole: dict[str, Array]  # "plain" and "decay", at the finest step size and all checkpoints, (S, T, z)
    descent_whole_control: dict[tuple[str, str], Array]  # at wrong rates
    regression: Array  # over the transient, (S, T, N, z)
    regression_control: dict[str, Array]
    regression_rank: Array  # (S, T') effective rank of gradient descent at all checkpoints, the transient and after it
    regression_rank_flow: Array  # of the flow at these times
    regression_rank_slope: Array  # its derivative by the logarithm of the rate of descent


OfKernel = TypeVar("OfKernel", bound=ArrayFile)


def save_by_kernel(path: Path, parts: Mapping[str, ArrayFile], **others: NDArray[Any]) -> None:
    """Write what there is of every kernel, each array named NAME_KERNEL, and arrays that are of no kernel."""
    of_kernels = {
        f"{name}_{kernel}": array for kernel, part in parts.items() for name, array in part.to_arrays().items()
    }
    write_arrays(path, of_kernels | others)


def load_by_kernel(path: Path, of: type[OfKernel]) -> dict[str, OfKernel]:
    """Read what there is of every kernel. Raises ValueError if an array of one is missing, or is of no field."""
    parts: dict[str, Arrays] = {}
    for stored, array in read_arrays(path).items():
        name, _, kernel = stored.rpartition("_")  # names of kernels have no _
        if name:
            parts.setdefault(kernel, {})[name] = array
    try:
        return {kernel: of.from_arrays(arrays) for kernel, arrays in parts.items()}
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
