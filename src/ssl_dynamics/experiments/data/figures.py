"""Figure of the data: what the losses see."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ssl_dynamics.engine.artifacts import read_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.figures import theme
from ssl_dynamics.figures.writing import write_figure
from ssl_dynamics.settings import Settings

SHOWN = 10


def triplets(
    parts: dict[str, NDArray[np.float64]], background: NDArray[np.float64], image_shape: tuple[int, int] | None
) -> Figure:
    """The first ten anchors, positives and negatives, as images (mean added back) or as profiles (no image_shape)."""
    figure, axes = plt.subplots(len(parts), SHOWN, figsize=(SHOWN * 0.9, len(parts) * 0.95), sharey=image_shape is None)
    for row, (name, items) in zip(axes, parts.items(), strict=True):
        for axis, item in zip(row, items, strict=False):
            if image_shape is None:
                axis.plot(item, linewidth=0.8)
            else:
                axis.imshow((item - background).reshape(image_shape), cmap="gray_r", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        row[0].set_ylabel(name)
    figure.tight_layout(pad=0.3)
    return figure


def triplet_figure(job: Job[Settings]) -> None:
    """Stage `triplet_figure`: some triplets of a data set, to be looked at."""
    theme.apply()
    stored = read_arrays(job.input("triplets"))
    height, width = (int(size) for size in stored["image_shape"])
    parts = {name: stored[name] for name in ("anchor", "positive", "negative")}
    figure = triplets(parts, stored["background"], (height, width) if height else None)
    write_figure(figure, job.output("svg"), job.output("png"))
