"""A spectrum, starts and trained weights to one HTML file in which the closed forms can be played with."""

from pathlib import Path

import numpy as np

from ssl_dynamics.cells import read_form
from ssl_dynamics.engine.artifacts import read_arrays, whole_file
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.soft_constraint import design as soft
from ssl_dynamics.problem.schedule import size_of
from ssl_dynamics.report import explorer as page
from ssl_dynamics.report.settings import ExplorerSettings
from ssl_dynamics.shared_files import Starts, Trajectories, read_triplets
from ssl_dynamics.unsettled import Unsettled

Array = page.Array


def explorer(job: Job[ExplorerSettings]) -> None:
    """Stage `explorer`. A loss or a dimension that this draw has left open is not offered."""
    settings = job.settings
    items, labels = _items(job)
    losses: dict[str, page.Entry] = {}
    for loss, path in zip(settings.losses, job.inputs["forms"], strict=True):
        try:
            losses[loss] = _of_loss(job, loss, read_form(path), items)
        except Unsettled as why:
            job.log.warning("%s: %s is not offered: %s", job.title, loss, why)
    text = page.render(
        {name: job.input(name).read_text(encoding="utf-8") for name in ("template", "style", "solver", "script")},
        losses,
        labels,
        config_name=settings.config_name,
        dataset=settings.dataset,
        items=len(items),
        d=items.shape[1],
        trained_dimensions=sorted({z for cells in settings.cells.values() for _, z in cells}),
    )
    job.log.info("%d bytes", len(text.encode()))
    with whole_file(job.output("page")) as part:
        part.write_text(text, encoding="utf-8")


def _of_loss(job: Job[ExplorerSettings], loss: str, C: Array, items: Array) -> page.Entry:
    """What the page knows of a loss. Raises Unsettled where no dimension has a start."""
    norm = size_of(np.asarray(np.linalg.eigvalsh(C), np.float64))
    starts: dict[int, Array] = {}
    trained: dict[int, list[page.Trained]] = {}
    reason = Unsettled("no cell of this loss was run")
    for dynamics, cells in job.settings.cells.items():
        if not cells:  # there are no files of what a configuration does not run
            continue
        schedules, trajectories = job.inputs[f"{dynamics}_schedules"], job.inputs[f"{dynamics}_trajectories"]
        for (own, z), schedule, weights in zip(cells, schedules, trajectories, strict=True):
            if own != loss:
                continue
            try:
                start, found = _trained(dynamics, schedule, weights, norm)
                page.require_limit(C, start)
            except Unsettled as why:
                reason = why
                continue
            starts[z] = start
            trained.setdefault(z, []).extend(found)
    if not starts:
        raise reason
    return page.data_of_loss(C, page.offered(starts), trained, items)


def _trained(dynamics: str, schedule: Path, trajectories: Path, norm: float) -> tuple[Array, list[page.Trained]]:
    """The first start (d, z) of a cell, and what was trained from it."""
    if dynamics == "soft_constraint":
        design = soft.Design.load(schedule)
        return design.start[0], page.of_penalty(design, soft.Trajectories.load(trajectories))
    starts = Starts.load(schedule)
    return starts.start[0], page.of_dynamics(dynamics, starts, Trajectories.load(trajectories), norm)


def _items(job: Job[ExplorerSettings]) -> tuple[Array, list[int] | None]:
    """Test items with their classes; of data without classes, anchors."""
    if "labelled" in job.inputs:
        stored = read_arrays(job.input("labelled"))
        chosen = page.some(stored["test"])
        return stored["test"][chosen], stored["test_labels"][chosen].tolist()
    anchors = read_triplets(job.input("triplets")).anchor
    return anchors[page.some(anchors)], None
