"""The typed configuration: everything that a run can be told."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, field_validator, model_validator

from ssl_dynamics.pipeline.experiments import (
    CollapseCost,
    ConstrainedNets,
    Departure,
    Depth,
    Downstream,
    Drift,
    Dynamics,
    FiniteSample,
    FiniteSteps,
    Grassmannian,
    Kernel,
    KernelLimit,
    LearningTimes,
    MiniBatch,
    Narrow,
    Objectives,
    Points,
    Unconstrained,
    Wide,
)
from ssl_dynamics.pipeline.settings import ClaimsSettings
from ssl_dynamics.pipeline.tables import TABLES
from ssl_dynamics.problem.settings import DatasetSettings, FashionMnist, Idx, Loss, Npz, Settings

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


SHIPPED_CHECKSUM = Path(__file__).parents[1] / "problem/data/fashion-mnist-subset.sha256"
NEEDS_LABELS = ("downstream", "collapse_cost")
ON_POINTS = (  # experiments on nets of large width, which run on `points`
    "constrained_nets",
    "departure",
    "depth",
    "drift",
    "kernel_limit",
)
SCHEMA = "workflow/schemas/config.schema.json"
LARGEST = 100_000_000  # of all numbers but the seed: larger ones ask for years, for terabytes, or for infinities


class ConfigError(ValueError):
    """A wrong configuration, in lines of `key: value is not allowed: what is`."""


class UnconstrainedOverride(Settings):
    """Of one data set, in place of the value in `unconstrained`."""

    finest_step: Annotated[float, Field(gt=0, lt=0.5)]


class GrassmannianOverride(Settings):
    """Of one data set, in place of the values in `grassmannian`."""

    finest_step: Annotated[float | None, Field(gt=0, lt=0.5)] = None
    transient: PositiveFloat | None = None


class Overrides(Settings):
    """Step sizes of one data set that differ from those of the others."""

    unconstrained: UnconstrainedOverride | None = None
    grassmannian: GrassmannianOverride | None = None


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
    finite_steps: FiniteSteps | None = None
    objectives: Objectives | None = None
    kernel: Kernel | None = None
    narrow: Narrow | None = None
    wide: Wide | None = None
    downstream: Downstream | None = None
    collapse_cost: CollapseCost | None = None
    learning_times: LearningTimes | None = None
    finite_sample: FiniteSample | None = None
    mini_batch: MiniBatch | None = None
    points: Points | None = None
    departure: Departure | None = None
    constrained_nets: ConstrainedNets | None = None
    drift: Drift | None = None
    kernel_limit: KernelLimit | None = None
    depth: Depth | None = None
    overrides: Annotated[
        dict[Name, Overrides], Field(default_factory=dict, description="other step sizes for some of the data sets")
    ]

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

    @model_validator(mode="after")
    def _numbers_are_feasible(self) -> "Config":
        for key, value in _numbers(self.model_dump(exclude={"root_seed"})):
            if value > LARGEST:
                raise ValueError(f"{key}: a number this large is not allowed: input should be at most {LARGEST}")
        return self

    @model_validator(mode="after")
    def _overrides_have_data_sets(self) -> "Config":
        unknown = sorted(set(self.overrides) - set(self.datasets))
        if unknown:
            raise ValueError(f"overrides names {unknown}, which are no data sets; those are {sorted(self.datasets)}")
        return self

    @model_validator(mode="after")
    def _points_are_of_data_sets(self) -> "Config":
        if self.points and (unknown := sorted(set(self.points.datasets) - set(self.datasets))):
            raise ValueError(f"points names {unknown}, which are no data sets; those are {sorted(self.datasets)}")
        if self.points is None and (asking := [name for name in ON_POINTS if getattr(self, name) is not None]):
            raise ValueError(f"{asking[0]} needs the key `points`")
        return self

    def dynamics_of(self, dataset: str, dynamics: Dynamics) -> Unconstrained | Grassmannian:
        """Step sizes and horizon of the training runs on a data set."""
        settings: Unconstrained | Grassmannian = getattr(self, dynamics)
        override = getattr(self.overrides.get(dataset), dynamics, None)
        return settings.model_copy(update=override.model_dump(exclude_none=True) if override else {})

    @property
    def results(self) -> Path:
        """The folder of what a run of this configuration leaves."""
        return Path("results") / self.name

    def cells(self, experiment: str) -> list[tuple[str, Loss, int]]:
        """(data set, loss, dimension z) on which an experiment runs: its own losses and dimensions, or those of all.

        None for an experiment that the configuration leaves out.
        """
        settings = getattr(self, experiment)
        if settings is None:
            return []
        losses: list[Loss] = getattr(settings, "losses", self.losses)
        dimensions: list[int] = getattr(settings, "dimensions", self.dimensions)
        # A single dimension cannot collapse further.
        smallest = 2 if experiment in ("unconstrained", "collapse_cost") else 1
        names = self.points.datasets if self.points and experiment in ON_POINTS else list(self.datasets)
        names = [name for name in names if experiment not in NEEDS_LABELS or self.has_labels(name)]
        return [(name, loss, z) for name in names for loss in losses for z in dimensions if z >= smallest]

    def seeds_of(self, experiment: str) -> int:
        """Number of independent repetitions of an experiment: random starts, or samples of the data."""
        return self.finite_sample.resamples if experiment == "finite_sample" and self.finite_sample else self.seeds

    def claims_settings(self) -> ClaimsSettings:
        """What the stage `claims` reads of it."""
        return ClaimsSettings(
            root_seed=self.root_seed,
            seeds={name: self.seeds_of(name) for name in TABLES},
            config_name=self.name,
            grid={name: self.cells(name) for name in TABLES},
        )

    def has_labels(self, dataset: str) -> bool:
        """Whether a data set has labelled train and test items; those of a user's own need not."""
        match self.datasets[dataset]:
            case Idx(labels=labels, test_labels=test_labels):
                return labels is not None and test_labels is not None
            case Npz(path=path):
                return npz_names(path) >= {"train_labels", "test", "test_labels"}
            case _:
                return True

    def checksum(self, dataset: str) -> str:
        """Recorded SHA-256 of a shipped data set, empty for others: if it changes, what follows runs again."""
        shipped = isinstance(self.datasets[dataset], FashionMnist)
        return SHIPPED_CHECKSUM.read_text(encoding="utf-8").split()[0] if shipped else ""

    def data_files(self, dataset: str) -> list[Path]:
        """The user's own files that a data set is read from."""
        settings = self.datasets[dataset]
        return settings.files() if isinstance(settings, Idx | Npz) else []


def _numbers(value: object, key: str = "") -> Iterator[tuple[str, float]]:
    """Those below a value, each with its key."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _numbers(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, int | float):
        yield key, value


def npz_names(path: Path) -> set[str]:
    """Names of the arrays in an .npz file; none where it is damaged or missing, which `check_data` reports."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return set()


def parse_config(values: Mapping[str, object], where: str) -> Config:
    """Typed configuration from plain values. Raises ConfigError: one line for each wrong key, starting with `where`."""
    try:
        text = json.dumps(values, default=str)
    except (TypeError, ValueError, RecursionError) as error:  # a key that is a date, a value that holds itself
        raise ConfigError(f"{where}: {error}; expected keys that are words, and plain values") from None
    try:
        return Config.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ConfigError("\n".join(_line(where, item) for item in error.errors())) from None


def load_config(path: Path) -> Config:
    """Read and check a YAML file. Raises ConfigError in lines that name file, key, value and what is allowed."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; expected a configuration file such as config/full.yaml") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; expected a configuration file such as config/full.yaml") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: holds no keys; expected a configuration such as config/full.yaml")
    config = parse_config(values, str(path))
    if config.name != path.stem:
        raise ConfigError(
            f"{path}: name: {config.name!r} is not allowed: it must be the name of the file, {path.stem!r}"
        )
    return config


def config_schema() -> str:
    """JSON schema of the configuration, generated from the types."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML's safe loader, which would let the last of two equal keys win, but for refusing them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: repeated keys: {', '.join(repeated)}")
        return super().construct_mapping(node, deep=deep)


def _line(where: str, error: Mapping[str, Any]) -> str:
    key = ".".join(map(str, _without_tags(error["loc"])))
    message = str(error["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if not key:
        return f"{where}: {message}"
    match error["type"]:
        case "missing":
            return f"{where}: {key}: missing; it is required"
        case "extra_forbidden":
            return f"{where}: {key}: {error['input']!r}: unknown key; those allowed are in {SCHEMA}"
        case _:
            return f"{where}: {key}: {error['input']!r} is not allowed: {message}"


def _without_tags(location: tuple[str | int, ...]) -> list[str | int]:
    """The keys as the user wrote them: pydantic adds the chosen source or kind after a data set or an augmentation."""
    in_data_set = location[:1] == ("datasets",)
    return [
        part
        for i, part in enumerate(location)
        if not (in_data_set and i == 2) and not (i > 0 and isinstance(location[i - 1], int) and isinstance(part, str))
    ]
