"""Stage `points`: the first triplets of a data set in principal components, for large nets."""

from dataclasses import asdict

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import PointsSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem.principal import principal_triplets
from ssl_dynamics.problem.triplets import Triplets


def compute(job: Job[PointsSettings]) -> None:
    stored = read_arrays(job.input("triplets"))
    triplets = Triplets(stored["anchor"], stored["positive"], stored["negative"])
    points = principal_triplets(triplets, n=job.settings.triplets, components=job.settings.components)
    job.log.info("%d triplets of dimension %d", *points.anchor.shape)
    write_arrays(job.output("points"), asdict(points))


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.points", PointsSettings, compute)
