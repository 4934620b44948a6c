"""Starts, penalties, step sizes and checkpoints; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.problem.schedule import Schedule

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """What training and theory share: all penalties are trained side by side, at the same step sizes and times."""

    start: Array  # W(0), (S, d, z)
    strengths: Array  # β/‖C‖, (B,), ascending
    norm: float  # ‖C‖
    learning_rates: Array
    coarse_steps: NDArray[np.int64]
    decay: float  # ω of the training to the limits
    limit_strengths: Array  # its penalties (B',), ascending
    limit_rate: float
    limit_steps: int
    needed_steps: float

    @property
    def penalties(self) -> Array:
        """β, (B,)."""
        return self.norm * self.strengths

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.learning_rates, self.coarse_steps, len(self.coarse_steps))


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """The trained weights at the checkpoints."""

    weights: dict[int, Array]  # (B, S, T, d, z) by step size, 0 the finest
    limits: Array  # (B', S, d, z) at the end of the training with weight decay


@dataclass(frozen=True)
class Solution(ArrayFile):
    """What the closed forms predict, also at wrong rates and for wrong penalties, by name."""

    flow: Array  # (B, S, T, d, z) Gram factors
    flow_wrong: dict[str, Array]
    flow_half: Array  # at half the rate
    span: Array  # (S, T, d, z), orthonormal: of the constrained flow
    span_wrong: dict[str, Array]
    excess: Array  # (B, S, T) ln(effective rank − 1) of the representation
    excess_wrong: dict[str, Array]
    curve_times: Array  # (T',)
    curve_strengths: Array  # (B'',) penalties of the figure, in units of ‖C‖
    curves: Array  # (B'', S, T') ln(effective rank − 1) at these
    ends: Array  # (2, S, T') the same without a penalty, and with the constraint
    strong: dict[str, Array]  # (B'', S, T') what the table `soft_strong` says of large penalties, by column
    settled_from: float  # the time from which WWᵀ at the largest penalty depends on its span alone; inf: never
    settled: Array  # (S, T, d, z) Gram factors of it
    settled_wrong: dict[str, Array]  # the same if C is wrong
    settled_first: Array  # of P − PCP/β
    first_terms: Array  # (S, T) ‖XPCPXᵀ‖/β
    critical: Array  # λ_k + ω, k ≤ z: the penalties below which a direction dies
    limits: Array  # (B', z) singular values of the limit
    limits_wrong: dict[str, Array]
    limit_curve_strengths: Array  # (B''',)
    limit_curves: Array  # (B''', z)
