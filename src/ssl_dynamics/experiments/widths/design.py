"""Starts of two-layer nets of every width, step sizes and checkpoints; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.widths.config import METRICS, DesignSettings, Narrow, TwoLayerKind, Wide
from ssl_dynamics.problem.schedule import Schedule, transient_schedule
from ssl_dynamics.problem.starts.layers import narrow_layers, wide_layers, wide_starts
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """Step sizes, checkpoints and, by width, layers with orthonormal columns."""

    learning_rates: Array  # finest first
    coarse_steps: NDArray[np.int64]
    widths: NDArray[np.int64]
    first: dict[int, Array]  # W_1 (S, d, h) of narrow nets, V (S, h, d) of wide ones
    second: dict[int, Array]  # W_2 (S, h, z)

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.learning_rates, self.coarse_steps, len(self.coarse_steps))


@dataclass(frozen=True)
class NarrowDesign(Design):
    """Nets of width z <= h <= d, all with one W(0)."""

    start: Array  # W(0) (S, d, z), the product of the layers at every width


@dataclass(frozen=True)
class WideDesign(Design):
    """Nets of width h >= d."""

    starts: dict[int, Array]  # random W(0) (S, draws, d, z) by width; the first draw is that of the layers


DESIGNS: dict[TwoLayerKind, type[NarrowDesign | WideDesign]] = {"narrow": NarrowDesign, "wide": WideDesign}


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """The trained nets at their checkpoints, by metric, width and step size, 0 the finest."""

    weights: dict[tuple[str, int, int], Array]  # (S, T, d, z) end to end
    orthonormality: dict[tuple[str, int, int], Array]  # defect of both layers at the end, (S,)


@dataclass(frozen=True)
class NarrowSolution(ArrayFile):
    """The closed form of one layer at the checkpoints, at several speeds, and the integrated equations of the layers.

    `basis` is at the speed of the Grassmannian, 1, those of the Stiefel manifolds at their speed at h = d, the
    controls, by name, at speeds that are wrong.
    """

    times: Array  # (T,)
    speeds: Array  # (K,)
    named_speeds: Array  # of METRICS
    at_speeds: Array  # (S, K, T, d, z)
    basis: Array  # (S, T, d, z)
    basis_stiefel: Array
    basis_canonical: Array
    basis_control: dict[str, Array]
    integrated: dict[int, Array]  # end-to-end weights (S, T, d, z) by width, of the nets that are small enough

    def full_width_speed(self, metric: str) -> float:
        """Speed of the nets of width h = d."""
        return float(self.named_speeds[METRICS.index(metric)])

    def basis_at(self, speed: float) -> Array:
        """The closed form at the one of `speeds` that is nearest to this one."""
        basis: Array = self.at_speeds[:, np.abs(self.speeds - speed).argmin()]
        return basis

    def full_width_basis(self, metric: str) -> Array:
        """The closed form at that speed."""
        return {"grassmann": self.basis, "stiefel": self.basis_stiefel, "canonical": self.basis_canonical}[metric]


@dataclass(frozen=True)
class WideSolution(ArrayFile):
    """The d × z equation at the checkpoints, and oracles of it."""

    times: Array  # (T,)
    late: Array  # at one late time, (widths, S, d, z)
    flow: dict[int, Array]  # (S, T, d, z) by width
    flow_wrong: dict[tuple[str, int], Array]  # at a wrong rate, near or far
    integrated: dict[tuple[str, int], Array]  # "equation" where z = 1, "layers" of the nets that are small enough


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_widths`."""
    settings, net = job.settings, job.settings.net
    eigenvalues = np.linalg.eigvalsh(read_form(job.input("quadratic_form"))).astype(np.float64)
    schedule = transient_schedule(eigenvalues, net)
    d = len(eigenvalues)
    made = (
        narrow_design(settings, net, schedule, d)
        if isinstance(net, Narrow)
        else wide_design(settings, net, schedule, d)
    )
    job.log.info("d = %d, widths %s", d, made.widths)
    made.save(job.output("layers"))


def narrow_design(settings: DesignSettings, net: Narrow, schedule: Schedule, d: int) -> NarrowDesign:
    """One W(0), and layers whose product it is at every width."""
    z, root_seed, name = settings.dimension, settings.root_seed, settings.dataset_name
    start = random_orthonormal_start(d, z, seeds=settings.seeds, root_seed=root_seed, name=name)
    widths = np.unique(np.rint(np.geomspace(z, d, net.widths)).astype(np.int64))
    layers = {width: narrow_layers(start, width, root_seed=root_seed, name=name) for width in map(int, widths)}
    return NarrowDesign(
        learning_rates=schedule.learning_rates,
        coarse_steps=schedule.coarse_steps,
        widths=widths,
        first={width: first for width, (first, _) in layers.items()},
        second={width: second for width, (_, second) in layers.items()},
        start=start,
    )


def wide_design(settings: DesignSettings, net: Wide, schedule: Schedule, d: int) -> WideDesign:
    """Random layers at every width, and more draws of W(0) = VᵀW_2 than those of the layers."""
    z, seeds, root_seed, name = settings.dimension, settings.seeds, settings.root_seed, settings.dataset_name
    widths = d * np.unique(net.ratios)
    layers = {
        width: wide_layers(d, z, width, seeds=seeds, root_seed=root_seed, name=name) for width in map(int, widths)
    }
    starts = {
        width: wide_starts(d, z, width, draws=net.draws, seeds=seeds, root_seed=root_seed, name=name)
        for width in layers
    }
    for width, (V, second) in layers.items():
        starts[width][:, 0] = V.mT @ second
    return WideDesign(
        learning_rates=schedule.learning_rates,
        coarse_steps=schedule.coarse_steps,
        widths=widths,
        first={width: V for width, (V, _) in layers.items()},
        second={width: second for width, (_, second) in layers.items()},
        starts=starts,
    )
