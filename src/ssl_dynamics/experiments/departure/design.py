"""Gaussian nets of all widths and the step sizes of those that are trained; what the stages leave to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.engine.array_file import ArrayFile
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.departure.config import (
    ADDED,
    APART,
    LARGEST,
    LATEST,
    MOST_TIMES,
    SECOND_MODE,
    DesignSettings,
)
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.starts.gaussian_nets import gaussian_factor, gaussian_net, other_modes
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.unsettled import Unsettled

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design(ArrayFile):
    """Widths, of which some are trained, their nets, and step sizes, finest first, each twice the one before."""

    widths: Array  # whole numbers, beyond the largest integer of 64 bits
    trained: NDArray[np.int64]
    learning_rates: Array
    first_factor: dict[int, Array]  # W_1 (S, d + z, d) by width, up to a rotation of the hidden layer
    second_factor: dict[int, Array]  # W_2 (S, d + z, z)
    first: dict[int, Array]  # W_1 (S, h, d) of the trained nets
    second: dict[int, Array]  # W_2 (S, h, z)
    coarse_steps: dict[int, int]  # at which training ends at the latest

    def every(self, level: int) -> int:
        """Steps at a level that make one step at the coarsest, after each of which the nets are looked at."""
        return int(2 ** (len(self.learning_rates) - 1 - level))

    def most_steps(self, width: int, level: int) -> int:
        """Steps at which training ends at the latest."""
        return self.every(level) * self.coarse_steps[width]


@dataclass(frozen=True)
class Trajectories(ArrayFile):
    """Drift of the tangent kernel (S, T) of the trained nets at their times (T,), by width and step size."""

    drift: dict[tuple[int, int], Array]
    times: dict[tuple[int, int], Array]


@dataclass(frozen=True)
class Solution(ArrayFile):
    """By the Gram equations and in closed form, an entry for each width (H,)."""

    rate: Array  # μ, (H,)
    other_modes: Array  # largest sum, over the starts, of the squares of the other modes over the leading one's
    departure: Array  # (H, S)
    blow_up: Array
    law: Array
    law_second_order: Array
    law_remaining: Array  # (H,) from the departure to the blow-up
    drift: Array  # (H, S, 2) at the two moments, 0 where the net is no more
    alive: NDArray[np.bool_]
    moments: Array  # (H, 2)


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_departure`."""
    settings, departure = job.settings, job.settings.departure
    C = form_of(read_triplets(job.input("points")), settings.loss)
    d = len(C)
    eigenvalues = np.linalg.eigvalsh(C)
    job.log.info("eigenvalues of C: %s", np.array2string(eigenvalues[:8], precision=4))
    if eigenvalues[0] >= 0:
        raise Unsettled(f"C has no negative eigenvalue (the smallest is {eigenvalues[0]:.3g}): no net departs")
    rate = 4 * -eigenvalues[0] / d
    # Steps are of the fastest mode, so that none is unstable; times are of the one that grows fastest.
    ratio = float(np.abs(eigenvalues).max() / -eigenvalues[0])
    if ratio > MOST_TIMES:
        raise Unsettled(f"λ_1 = {eigenvalues[0]:.3g} is {1 / ratio:.2g} of ‖C‖: departures take too many stable steps")
    steps = departure.finest_step / ratio * 2.0 ** np.arange(departure.levels)
    name, root_seed = settings.dataset_name, settings.root_seed
    logs = [*departure.log2_widths, *asymptotic_widths(settings, C)]
    job.log.info("binary logarithms of the widths: %s", logs)
    widths, trained = 2.0 ** np.array(logs), 2 ** np.array(departure.log2_trained, dtype=np.int64)
    factors = {
        width: gaussian_factor(d, settings.dimension, width, seeds=settings.seeds, root_seed=root_seed, name=name)
        for width in map(int, widths)
    }
    nets = {width: gaussian_net(*factors[width], width, root_seed=root_seed, name=name) for width in map(int, trained)}
    Design(
        widths=widths,
        trained=trained,
        learning_rates=steps / rate,
        first_factor={width: first for width, (first, _) in factors.items()},
        second_factor={width: second for width, (_, second) in factors.items()},
        first={width: first for width, (first, _) in nets.items()},
        second={width: second for width, (_, second) in nets.items()},
        coarse_steps={width: int(np.ceil((np.log(width) / 2 + LATEST) / steps[-1])) for width in nets},
    ).save(job.output("plan"))


def asymptotic_widths(settings: DesignSettings, C: Array) -> list[int]:
    """Binary logarithms of widths beyond those of the configuration at which one mode is left at the departure.

    Three of them, where the configuration has not as many; none where the second mode is too close for any.
    """
    given = settings.departure.log2_widths
    first, second = gaussian_factor(
        len(C),
        settings.dimension,
        2 ** given[-1],
        seeds=settings.seeds,
        root_seed=settings.root_seed,
        name=settings.dataset_name,
    )
    alone = (log for log in range(LARGEST + 1) if other_modes(C, first, second, 2.0**log).max() <= SECOND_MODE)
    least = next(alone, LARGEST)
    wanted = [least + APART * k for k in range(ADDED)]
    if least == LARGEST or sum(log >= least for log in given) >= ADDED:
        return []
    return [log for log in wanted if log > given[-1]]
