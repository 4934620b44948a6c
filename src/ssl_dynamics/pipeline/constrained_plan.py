"""The runs of constrained nets, as `plan_constrained_nets` wrote them and the other stages read them."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.pipeline.artifacts import Arrays
from ssl_dynamics.problem.settings import Activation

Array = NDArray[np.float64]

SELF_SUPERVISED, REGRESSION = "self-supervised", "regression"
# Rates κ of the first layer, as functions of the width.
UNIT = "unit"
RATES: dict[str, Callable[[int], float]] = {UNIT: lambda _: 1.0, "sqrt(h)": math.sqrt, "h": float}


# τ at which Gram errors are judged: nets of every width have escaped from their start.
READ_AT = 8.0


@dataclass(frozen=True)
class Run:
    """Nets of one width, all seeds: what they are, how they are trained, and the names of their arrays."""

    activation: Activation
    objective: str
    rate_name: str
    width: int

    @property
    def key(self) -> str:
        return f"{self.activation}_{self.objective}_{self.rate_name}_{self.width}"

    @property
    def rate(self) -> float:
        """κ."""
        return RATES[self.rate_name](self.width)

    @property
    def reaches_the_end(self) -> bool:
        """Whether training goes on to the limit of its tangent kernel, which is slow where λ_{z+1}/λ_z is near 1."""
        return self.objective == SELF_SUPERVISED and self.rate_name == UNIT


@dataclass(frozen=True)
class Clock:
    """Checkpoints of a run, as τ and in units of the flow, and its largest step."""

    tau: Array  # (T,)
    times: Array  # (T,)
    largest_step: float


def clock(plan: Arrays, run: Run) -> Clock:
    """Self-supervised: τ = 2|λ_z|t; regression: τ = σ_z(K^{1/2}Y)t/N. Only nets of `reaches_the_end` go on after 8."""
    name = f"{run.activation}_{run.objective}"
    tau = plan[f"tau_{run.activation}"]
    if not run.reaches_the_end:
        tau = tau[tau <= READ_AT]
    return Clock(tau, tau / float(plan[f"unit_{name}"]), float(plan[f"largest_step_{name}"]))


def arrival(Psi: Array, A: Array, second: Array, convergence: float) -> float:
    """Time t by which the Grassmann flow on fixed features has tan θ ≤ `convergence` to its limit, from every start.

    C = ΨᵀAΨ with features Ψ (S, N, h) and A (N, N); starts W_2 (S, h, z), orthonormal. The bound is
    tan θ(t) ≤ tan θ(0) e^{−2(λ_{z+1} − λ_z)t}. Source: docs/theory.md §3.
    """
    Q, R = np.linalg.qr(Psi.mT)  # C has its eigenvectors in the span of the features: QY, with those Y of RARᵀ
    eigenvalues, Y = np.linalg.eigh(R @ A @ R.mT)
    z = second.shape[-1]
    cosine = np.linalg.svd((Q @ Y[..., :z]).mT @ second, compute_uv=False)[..., -1]
    gap = 2 * (eigenvalues[..., z] - eigenvalues[..., z - 1])
    return float((np.log(np.sqrt(1 - cosine**2) / cosine / convergence) / gap).max())


def activations(plan: Arrays) -> list[Activation]:
    """Those of the experiment."""
    return [name for name in get_args(Activation) if name in plan["activations"]]


def read_runs(plan: Arrays) -> Iterator[Run]:
    """At rate 1 self-supervised nets of every width; at other rates, and in regression, those up to the side width."""
    for activation in activations(plan):
        for width in map(int, plan["widths"]):
            yield Run(activation, SELF_SUPERVISED, UNIT, width)
            if width <= int(plan["side_width"]):
                yield from (Run(activation, SELF_SUPERVISED, rate, width) for rate in RATES if rate != UNIT)
                yield Run(activation, REGRESSION, UNIT, width)
