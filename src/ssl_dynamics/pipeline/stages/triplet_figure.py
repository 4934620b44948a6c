"""Stage `triplet_figure`: some triplets of a data set, to be looked at."""

from ssl_dynamics.figures import theme
from ssl_dynamics.figures.triplets import triplets
from ssl_dynamics.pipeline.artifacts import read_arrays, write_figure
from ssl_dynamics.pipeline.settings import NoSettings
from ssl_dynamics.pipeline.stage import Job, main


def compute(job: Job[NoSettings]) -> None:
    theme.apply()
    stored = read_arrays(job.input("triplets"))
    height, width = (int(size) for size in stored["image_shape"])
    parts = {name: stored[name] for name in ("anchor", "positive", "negative")}
    figure = triplets(parts, stored["background"], (height, width) if height else None)
    write_figure(figure, job.output("svg"), job.output("png"))


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.triplet_figure", NoSettings, compute)
