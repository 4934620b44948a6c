"""What is checked before any job starts."""

from ssl_dynamics.pipeline.config import Config, ConfigError
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.streams import stream
from ssl_dynamics.problem.triplets import draw_triplets


def check_data(config: Config, where: str) -> None:
    """Load the data sets that come from the user's own files and draw two triplets of each.

    Raises ConfigError, in one line that names the data set, the file and what was expected.
    """
    for name, settings in config.datasets.items():
        if config.data_files(name):
            try:
                dataset = load(settings, config.root_seed)
                draw_triplets(dataset, settings.model_copy(update={"triplets": 2}), stream(0))
            except ValueError as error:
                raise ConfigError(f"{where}: datasets.{name}: {error}") from None
