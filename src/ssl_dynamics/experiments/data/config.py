"""What the stages of the data read of the configuration."""

from typing import Annotated

from pydantic import Field

from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import DatasetSettings


class TripletsSettings(Settings):
    """What the stage `triplets` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings
    checksum: Annotated[str, Field(description="of the shipped data, where the data set is shipped")]


class LabelledSettings(Settings):
    """What the stage `labelled` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings
