"""Stage `layers`: starts of two-layer nets of every width, step sizes and checkpoints."""

import numpy as np

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.experiments import Narrow, Wide
from ssl_dynamics.pipeline.schedule import transient_schedule
from ssl_dynamics.pipeline.settings import LayersSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.layers import narrow_layers, wide_layers, wide_starts
from ssl_dynamics.problem.start import random_orthonormal_start


def compute(job: Job[LayersSettings]) -> None:
    settings = job.settings
    eigenvalues = np.linalg.eigvalsh(read_arrays(job.input("quadratic_form"))["C"])
    schedule = transient_schedule(eigenvalues, settings.net)
    d = len(eigenvalues)
    starts = (
        narrow_starts(settings, settings.net, d)
        if isinstance(settings.net, Narrow)
        else random_wide_starts(settings, settings.net, d)
    )
    job.log.info("d = %d, widths %s", d, starts["widths"])
    times = {"learning_rates": schedule.learning_rates, "coarse_steps": schedule.coarse_steps}
    write_arrays(job.output("layers"), {**times, **starts})


def narrow_starts(settings: LayersSettings, net: Narrow, d: int) -> Arrays:
    """W(0), and layers `first_<h>`, `second_<h>` whose product it is, at each of the widths."""
    z = settings.dimension
    start = random_orthonormal_start(
        d, z, seeds=settings.seeds, root_seed=settings.root_seed, name=settings.dataset_name
    )
    widths = np.unique(np.rint(np.geomspace(z, d, net.widths)).astype(np.int64))
    arrays: Arrays = {"start": start, "widths": widths}
    for width in map(int, widths):
        arrays[f"first_{width}"], arrays[f"second_{width}"] = narrow_layers(
            start, width, root_seed=settings.root_seed, name=settings.dataset_name
        )
    return arrays


def random_wide_starts(settings: LayersSettings, net: Wide, d: int) -> Arrays:
    """Random W(0) `starts_<h>` (S, draws, d, z) at every width; the first is that of the layers."""
    z, widths = settings.dimension, d * np.unique(net.ratios)
    arrays: Arrays = {"widths": widths}
    root_seed, name = settings.root_seed, settings.dataset_name
    for width in map(int, widths):
        starts = wide_starts(d, z, width, draws=net.draws, seeds=settings.seeds, root_seed=root_seed, name=name)
        V, second = wide_layers(d, z, width, seeds=settings.seeds, root_seed=root_seed, name=name)
        arrays[f"first_{width}"], arrays[f"second_{width}"] = V, second
        starts[:, 0] = V.mT @ second
        arrays[f"starts_{width}"] = starts
    return arrays


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.layers", LayersSettings, compute)
