"""Stage `triplets`: images to (anchor, positive, negative)."""

from dataclasses import asdict

import numpy as np

from ssl_dynamics.pipeline.artifacts import write_arrays
from ssl_dynamics.pipeline.settings import TripletsSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.streams import stream
from ssl_dynamics.problem.triplets import draw_triplets


def compute(job: Job[TripletsSettings]) -> None:
    settings = job.settings
    dataset = load(settings.dataset, settings.dataset_name, settings.root_seed)
    random = stream(settings.root_seed, "triplets", settings.dataset_name)
    triplets = draw_triplets(dataset, settings.dataset, random)
    job.log.info("%d triplets of dimension %d", *triplets.anchor.shape)
    shape = dataset.image_shape or (0, 0)
    write_arrays(
        job.output("triplets"), {**asdict(triplets), "background": dataset.background, "image_shape": np.array(shape)}
    )


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.triplets", TripletsSettings, compute)
