"""What is checked before any job starts."""

import subprocess
import sys

import psutil

from ssl_dynamics.catalogue import TABLES
from ssl_dynamics.config import Config, ConfigError
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.sampling import draw_triplets
from ssl_dynamics.problem.settings import GaussianMixture


def check_data(config: Config, where: str) -> None:
    """Load every data set, draw two triplets of it, and see that every z is smaller than its dimension.

    Raises ConfigError, in one line that names the data set, the file where there is one, and what was expected, or
    how much more memory the data take than there is.
    """
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
        d = dataset.train.shape[1]
        _require_memory(3 * settings.triplets * d, f"{where}: datasets.{name}: triplets")
        if largest >= d:
            raise ConfigError(f"{where}: datasets.{name}: items of dimension {d}; expected more than z = {largest}")


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
