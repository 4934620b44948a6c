"""The typed configuration, and the part of it that each stage reads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, field_validator

from ssl_dynamics.problem.settings import DatasetSettings, Idx, Loss, Npz, Settings

Dynamics = Literal["unconstrained", "grassmannian"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class ConfigError(ValueError):
    """A wrong configuration, in lines of `key: value is not allowed: what is`."""


class StepSizes(Settings):
    """Step sizes and horizon of the training runs of one kind of dynamics, in units that fit any spectrum of C."""

    finest_step: Annotated[
        float, Field(gt=0, lt=0.5, description="finest step size η, in units of 1/‖C‖₂")
    ]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=4, description="number of times at which every step size is compared")]
    max_steps: Annotated[PositiveInt, Field(description="refuse a spectrum that would need more steps than this")]


class Unconstrained(StepSizes):
    """Unconstrained training, until the collapse has gone far (see `pipeline.schedule`)."""

    kind: Literal["unconstrained"] = "unconstrained"


class Grassmannian(StepSizes):
    """Training under WᵀW = I: the transient at every step size, then on to convergence at the coarsest."""

    kind: Literal["grassmannian"] = "grassmannian"
    levels: Annotated[int, Field(ge=5, le=8, description="number of step sizes, each twice the one before")]
    transient: Annotated[
        PositiveFloat, Field(description="length of the transient in which errors are compared, in units of 1/‖C‖₂")
    ]
    convergence: Annotated[
        PositiveFloat, Field(description="end of the coarsest run, in units of 1/(2(λ_{z+1} − λ_z))")
    ]
    late_checkpoints: Annotated[int, Field(ge=2, description="number of times between the transient and that end")]


class Config(Settings):
    """Everything that `make` can be told."""

    name: Annotated[Name, Field(description="the results go to results/<name>/; the name of the file without .yaml")]
    root_seed: Annotated[int, Field(ge=0, description="every random stream derives from it by name")]
    seeds: Annotated[int, Field(ge=2, le=100, description="number of random starts W(0)")]
    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    datasets: Annotated[dict[Name, DatasetSettings], Field(min_length=1)]
    unconstrained: Unconstrained
    grassmannian: Grassmannian

    @field_validator("losses", "dimensions")
    @classmethod
    def _no_repeats(cls, values: list[object]) -> list[object]:
        if len(set(values)) < len(values):
            raise ValueError("must not repeat a value")
        return values

    @field_validator("dimensions")
    @classmethod
    def _can_collapse(cls, dimensions: list[int]) -> list[int]:
        if max(dimensions) < 2:
            raise ValueError("must hold a dimension of at least 2: a single one cannot collapse")
        return dimensions

    def dimensions_of(self, dynamics: str) -> list[int]:
        """The z that take part: a representation of one dimension cannot collapse further."""
        return [z for z in self.dimensions if z >= 2 or dynamics == "grassmannian"]

    def data_files(self, dataset: str) -> list[Path]:
        """The user's own files that a data set is read from."""
        settings = self.datasets[dataset]
        return settings.files() if isinstance(settings, Idx | Npz) else []


class TripletsSettings(Settings):
    """What the stage `triplets` reads of the configuration."""

    root_seed: int
    dataset_name: str
    dataset: DatasetSettings


class QuadraticFormSettings(Settings):
    """What the stage `quadratic_form` reads of the configuration."""

    loss: Loss


class ScheduleSettings(Settings):
    """What the stage `schedule` reads of the configuration."""

    root_seed: int
    seeds: int
    dataset_name: str
    dimension: int
    dynamics: Unconstrained | Grassmannian


class SimulateSettings(Settings):
    """What the stage `simulate` reads of the configuration."""

    loss: Loss
    dynamics: Dynamics


class SolveSettings(Settings):
    """What the stage `solve` reads of the configuration."""

    dynamics: Dynamics


class CompareSettings(Settings):
    """What the stages `compare_…` read of the configuration: the labels of their rows."""

    dataset_name: str
    loss: Loss
    dimension: int


class ClaimsSettings(Settings):
    """What the stage `claims` reads of the configuration."""

    root_seed: int
    config_name: str


class FigureSettings(Settings):
    """What the stage `figure` reads of the configuration."""

    figure: str


class TripletFigureSettings(Settings):
    """The stage `triplet_figure` reads nothing of the configuration."""


class NotebookSettings(Settings):
    """The stage `notebook` reads nothing of the configuration."""


def parse_config(values: Mapping[str, object], where: str) -> Config:
    """Typed configuration from plain values. Raises ConfigError: one line for each wrong key, starting with `where`."""
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(_line(where, item) for item in error.errors())) from None
    for name in config.datasets:
        for path in config.data_files(name):
            if not path.is_file():
                raise ConfigError(f"{where}: datasets.{name}: no file {path}; expected the path of a data file")
    return config


def load_config(path: Path) -> Config:
    """Read and check a YAML file. Raises ConfigError in lines that name file, key, value and what is allowed."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; expected a configuration file such as config/full.yaml") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds no keys; expected a configuration such as config/full.yaml")
    return parse_config(values, str(path))


def config_schema() -> str:
    """JSON schema of the configuration, generated from the types."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _line(where: str, error: Mapping[str, object]) -> str:
    location = error["loc"]
    key = ".".join(map(str, location)) if isinstance(location, tuple) and location else "configuration"
    message = str(error["msg"]).removeprefix("Value error, ")
    match error["type"]:
        case "missing":
            return f"{where}: {key}: missing; it is required"
        case "extra_forbidden":
            return f"{where}: {key}: {error['input']!r}: unknown key; allowed keys are in workflow/schemas/config.schema.json"
        case _:
            return f"{where}: {key}: {error['input']!r} is not allowed: {message[:1].lower() + message[1:]}"
