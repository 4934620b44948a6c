"""What is checked before any job starts."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from ssl_dynamics.catalogue import EXPERIMENTS, TABLES
from ssl_dynamics.config import Config
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.problem.datasets import Dataset, load
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.sampling import draw_triplets
from ssl_dynamics.problem.schedule import make_schedule
from ssl_dynamics.settings.data import GaussianMixture
from ssl_dynamics.validation import unit

FEWEST_CLASSES = 2  # that a probe can tell apart
BITS = 40  # of items beside their largest entry: what differs in later ones is rounding

_CONTROL = ("Cc", "Cs")  # characters that end lines or ring bells, and bytes that are no UTF-8


def check_data(config: Config, where: str) -> None:
    """Load every data set, draw two triplets of it, and see that its size and its labels are enough for what is asked.

    Raises ConfigError, in one line that names the data set, the file where there is one, and what was expected, or
    how much more memory the data take than there is.
    """
    _check_places(config, where)
    largest = max(z for experiment in TABLES for _, _, z in config.cells(experiment))
    for name, settings in config.datasets.items():
        if isinstance(settings, GaussianMixture):
            rows = settings.items + settings.test_items + settings.dimension  # items, and matrices of their dimension
            _require_memory(rows * settings.dimension, f"{where}: datasets.{name}: items")
        try:
            dataset = load(settings, name, config.root_seed)
            draw_triplets(dataset, settings.model_copy(update={"triplets": 2}), stream(config.root_seed))
        except ValueError as error:
            raise ConfigError(f"{where}: datasets.{name}: {error}") from None
        items = dataset.train - dataset.background  # as they were before the mean was subtracted
        if (distinct := _distinct(items, largest + 1)) <= largest:
            raise ConfigError(
                f"{where}: datasets.{name}: {distinct} distinct items, of {len(dataset.train)}; expected more than z = "
                f"{largest}"
            )
        d = dataset.train.shape[1]
        _require_memory(3 * d * d, f"{where}: datasets.{name}: quadratic forms of dimension {d}")
        _require_memory(3 * settings.triplets * d, f"{where}: datasets.{name}: triplets")
        if largest >= d:
            raise ConfigError(f"{where}: datasets.{name}: items of dimension {d}; expected more than z = {largest}")
        if settings.triplets < largest:
            raise ConfigError(
                f"{where}: datasets.{name}: {settings.triplets} triplets; expected at least z = {largest}"
            )
        _check_counts(config, name, d, where)
        _check_labels(config, name, dataset, where)


def _distinct(items: NDArray[np.float64], enough: int) -> int:
    """How many of the rows differ by more than rounding, counted up to as many as are enough."""
    found: set[bytes] = set()
    for row in items:
        size = unit(row)
        found.add((np.round(row / size * 2.0**BITS) + 0.0).tobytes() + size.tobytes())  # −0 is 0
        if len(found) >= enough:
            break
    return len(found)


def _check_places(config: Config, where: str) -> None:
    """See that Snakemake can be told of the user's own files, which it takes for patterns, or for results."""
    for name in config.datasets:
        for path in config.data_files(name):
            what = f"{where}: datasets.{name}: {str(path)!r} is not allowed:"
            if wrong := sorted({each for each in str(path) if each in "{}" or unicodedata.category(each) in _CONTROL}):
                raise ConfigError(f"{what} Snakemake reads no path with {' '.join(map(repr, wrong))}; rename it")
            inside = Path(os.path.relpath(path)).parts[:1]
            if inside in (("results",), (".snakemake",)):
                raise ConfigError(f"{what} {inside[0]}/ is for what runs make, and `make clean` deletes it")


def _check_counts(config: Config, name: str, d: int, where: str) -> None:
    """See that triplets, points, steps and widths suffice, whatever the draw: the spectrum is that of no data."""
    drawn = config.datasets[name].triplets
    wanted = [(key, "triplets of the data set", drawn) for key, of in EXPERIMENTS.items() if not of.on_points]
    if config.points and name in config.points.datasets:
        few = config.points.triplets
        wanted += [("points", "triplets of the data set", drawn)]
        wanted += [(key, "triplets of points", few) for key, of in EXPERIMENTS.items() if of.on_points]
        cosine = getattr(getattr(config, "drift", None), "cosine", None)
        if cosine and cosine.triplets > few:
            raise ConfigError(f"{where}: drift.cosine.triplets is {cosine.triplets}; points has {few} triplets")
    for key, of_what, there in wanted:
        asked = getattr(getattr(config, key), "triplets", 0)
        if asked > there:
            raise ConfigError(f"{where}: {key}.triplets is {asked}; datasets.{name} has {there} {of_what}")
    try:
        make_schedule(np.linspace(-1, 0, d), 1, config.of("grassmannian", name))  # type: ignore[arg-type]
    except ValueError as error:
        raise ConfigError(f"{where}: grassmannian, datasets.{name}: {error}") from None


def _check_labels(config: Config, name: str, dataset: Dataset, where: str) -> None:
    """See that probes have something to tell apart, where they are asked for and there are labels."""
    labels = dataset.train_labels
    asked = any(config.asks_for(key) and of.needs_labels for key, of in EXPERIMENTS.items())
    if asked and config.has_labels(name) and (len(np.unique(labels)) < FEWEST_CLASSES or not len(dataset.test)):
        raise ConfigError(
            f"{where}: datasets.{name}: {len(np.unique(labels))} classes of train items and {len(dataset.test)} test "
            f"items; probes need at least {FEWEST_CLASSES} and 1"
        )


def check_device(config: Config, where: str) -> None:
    """See that nets can be trained here on the device of the configuration.

    Asked of a process of its own: torch is slow to import, and would hold the accelerator for as long as this one runs.
    Raises ConfigError, in one line.
    """
    if config.device == "cpu":
        return
    question = f"from ssl_dynamics.simulation.device import unusable; print(unusable({config.device!r}) or '')"
    answer = subprocess.run([sys.executable, "-c", question], stdout=subprocess.PIPE, text=True, check=True).stdout
    if reason := answer.strip():
        raise ConfigError(f"{where}: {reason}")


def _require_memory(numbers: int, what: str) -> None:
    needed, there = numbers * 8 / 2**30, psutil.virtual_memory().total / 2**30
    if needed > there:
        raise ConfigError(f"{what} take {needed:.0f} GiB of memory; this machine has {there:.0f}: ask for fewer")
