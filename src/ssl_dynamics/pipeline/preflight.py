"""What is checked before any job starts."""

from ssl_dynamics.pipeline.config import Config, ConfigError
from ssl_dynamics.pipeline.tables import TABLES
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.streams import stream
from ssl_dynamics.problem.triplets import draw_triplets


def check_data(config: Config, where: str) -> None:
    """Load every data set, draw two triplets of it, and see that every z is smaller than its dimension.

    Raises ConfigError, in one line that names the data set, the file where there is one, and what was expected.
    """
    largest = max(z for experiment in TABLES for _, _, z in config.cells(experiment))
    for name, settings in config.datasets.items():
        try:
            dataset = load(settings, config.root_seed)
            draw_triplets(dataset, settings.model_copy(update={"triplets": 2}), stream(config.root_seed))
        except ValueError as error:
            raise ConfigError(f"{where}: datasets.{name}: {error}") from None
        d = dataset.train.shape[1]
        if largest >= d:
            raise ConfigError(f"{where}: datasets.{name}: items of dimension {d}; expected more than z = {largest}")
