"""The runs of constrained nets, their starts, targets and times; what the stages leave to each other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.experiments.constrained_nets.config import READ_AT, Run, runs_of

Array = NDArray[np.float64]
Key = tuple[str, str, str, int]  # of a `Run`


@dataclass(frozen=True)
class Clock:
    """Checkpoints of a run, as τ and in units of the flow, and its largest step."""

    tau: Array  # (T,)
    times: Array  # (T,)
    largest_step: float


@dataclass(frozen=True)
class Design(ArrayFile):
    """Points and nets of every width; targets and times of every activation, and of every objective."""

    points: Array  # (N, d)
    triplets: int
    activations: tuple[str, ...]
    widths: tuple[int, ...]
    side_width: int  # the largest of supervised nets and of those at other rates than 1
    first: dict[int, Array]  # W_1 (S, h, d) by width
    second: dict[int, Array]  # W_2 (S, h, z), orthonormal
    kernel: dict[str, Array]  # K (N, N) of the features at h = ∞, by activation
    target: dict[str, Array]  # Y (N, z) of the regression
    tau: dict[str, Array]  # (T,)
    unit: dict[tuple[str, str], float]  # 1/t of τ = 1, by activation and objective
    largest_step: dict[tuple[str, str], float]

    def runs(self) -> Iterator[Run]:
        """All that are trained."""
        return runs_of(self.activations, self.widths, self.side_width)

    def clock(self, run: Run) -> Clock:
        """Self-supervised: τ = 2|λ_z|t; regression: τ = σ_z(K^{1/2}Y)t/N.

        Only nets of `reaches_the_end` go on after `READ_AT`.
        """
        problem = (run.activation, run.objective)
        tau = self.tau[run.activation]
        if not run.reaches_the_end:
            tau = tau[tau <= READ_AT]
        return Clock(tau, tau / self.unit[problem], self.largest_step[problem])


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """What the nets of each run passed through at its checkpoints."""

    functions: dict[Key, Array]  # U (S, T, N, z)
    feature_drift: dict[Key, Array]  # (S, T) of K = ΨΨᵀ
    tangent_drift: dict[Key, Array]  # (S, T) of K − UUᵀ, the tangent kernel's output block
    orthonormality: dict[Key, Array]  # (S, T) ‖W_2ᵀW_2 − I‖_F
    departed: dict[Key, NDArray[np.bool_]]  # (S, T) whether the net had departed, and was kept as it was before


@dataclass(frozen=True)
class Solution(ArrayFile):
    """Two approximations of each run, (S, T, N, z), and what is known of both at h = ∞."""

    linearised: dict[Key, Array]
    flow: dict[Key, Array]  # on frozen features, of the runs at rate 1: the same at every rate
    # That flow in the steps of training until `READ_AT`, self-supervised, of widths from N to `side_width`, and its
    # predicted Gram error (S, T).
    stepped: dict[Key, Array]
    predicted_error: dict[Key, Array]
    tangent: dict[Key, Array]  # (S, T) what that flow makes of `tangent_drift`, of runs at rate 1
    mismatch_limit: dict[str, float]  # 1 − cos of the linearised model's Gram matrix, late, by activation
    limit: dict[tuple[str, str], Array]  # of `tangent_drift`, by activation and objective, () or (T,)
