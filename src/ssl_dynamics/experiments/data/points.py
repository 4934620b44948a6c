"""Stage `points`: the first triplets of a data set in principal components, for large nets."""

from dataclasses import asdict

from ssl_dynamics.cells import PointsSettings
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.problem.principal import principal_triplets
from ssl_dynamics.shared_files import read_triplets


def points(job: Job[PointsSettings]) -> None:
    triplets = read_triplets(job.input("triplets"))
    found = principal_triplets(triplets, n=job.settings.triplets, components=job.settings.components)
    job.log.info("%d triplets of dimension %d", *found.anchor.shape)
    write_arrays(job.output("points"), asdict(found))
