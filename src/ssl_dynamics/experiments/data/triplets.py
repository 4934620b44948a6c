"""Stage `triplets`: images to (anchor, positive, negative)."""

from dataclasses import asdict

import numpy as np

from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.data.config import TripletsSettings
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.sampling import draw_triplets


def triplets(job: Job[TripletsSettings]) -> None:
    settings = job.settings
    dataset = load(settings.dataset, settings.dataset_name, settings.root_seed)
    random = stream(settings.root_seed, "triplets", settings.dataset_name)
    drawn = draw_triplets(dataset, settings.dataset, random)
    job.log.info("%d triplets of dimension %d", *drawn.anchor.shape)
    shape = dataset.image_shape or (0, 0)
    write_arrays(
        job.output("triplets"), {**asdict(drawn), "background": dataset.background, "image_shape": np.array(shape)}
    )
