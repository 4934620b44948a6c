"""The typed configuration: everything that a run can be told."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import Field, PositiveInt, PrivateAttr, ValidationError, create_model, field_validator, model_validator

from ssl_dynamics.catalogue import EXPERIMENTS
from ssl_dynamics.description import Stage
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.problem.names import Device, Loss
from ssl_dynamics.root_seed import LEAST_DRAWS, name_with
from ssl_dynamics.settings import Settings
from ssl_dynamics.settings.data import DatasetSettings, FashionMnist, Idx, Npz, Points

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Key = tuple[str, Loss, int]  # data set, loss, dimension

SHIPPED_CHECKSUM = Path(__file__).parent / "problem/data/fashion-mnist-subset.sha256"
SCHEMA = "workflow/schemas/config.schema.json"
_TAKEN = {"reference": "what is shipped as the reference", "benchmark": "what `make benchmark` measures"}
_EXPONENT = re.compile(
    r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+"
)  # of which YAML 1.1 reads 2.0e-2 as a number, 2e-2 as text
_MOST_VALUES = 100_000
LARGEST = 100_000_000  # of all numbers but the seed: larger ones ask for years, for terabytes, or for infinities


# Types and defaults of the keys of experiments, which are known at run time only.
_OVERRIDES: dict[str, Any] = {name: (of.override | None, None) for name, of in EXPERIMENTS.items() if of.override}
_KEYS: dict[str, Any] = {
    name: (of.settings, ...) if of.required else (of.settings | None, None) for name, of in EXPERIMENTS.items()
}

Overrides = create_model(
    "Overrides",
    __base__=Settings,
    __doc__="Step sizes of one data set that differ from those of the others.",
    **_OVERRIDES,
)


class Config(Settings):
    """Everything that `make` can be told; `_Complete` adds a key for each experiment."""

    name: Annotated[Name, Field(description="the results go to results/<name>/; the name of the file without .yaml")]
    root_seed: Annotated[int, Field(ge=0, description="every random stream derives from it by name")]
    device: Annotated[
        Device,
        Field(description="where nets are trained, in float64: on the processor, or on an accelerator"),
    ] = "cpu"
    seeds: Annotated[int, Field(ge=2, le=100, description="number of random starts W(0)")]
    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    datasets: Annotated[dict[Name, DatasetSettings], Field(min_length=1)]
    points: Points | None = None
    draws: Annotated[
        int,
        Field(ge=LEAST_DRAWS, le=1000, description="runs of `make draws`, this one and others with roots of their own"),
    ] = 20
    equation_draws: Annotated[
        int,
        Field(ge=0, le=10000, description="draws of claims that need no training, in `make draws`; 0: as of others"),
    ] = 300
    overrides: Annotated[
        dict[Name, Overrides],
        Field(default_factory=dict, description="other step sizes for some of the data sets"),
    ]

    _place: Path = PrivateAttr(default=Path())  # where paths of the user's own files set out from

    @field_validator("name")
    @classmethod
    def _has_a_folder_of_its_own(cls, name: str) -> str:
        if name in _TAKEN:
            raise ValueError(f"results/{name} holds {_TAKEN[name]}; name the configuration otherwise")
        return name

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
    def _numbers_are_feasible(self) -> Self:
        for key, value in _numbers(self.model_dump(exclude={"root_seed"})):
            if value > LARGEST:
                raise ValueError(f"{key}: a number this large is not allowed: input should be at most {LARGEST}")
        return self

    @model_validator(mode="after")
    def _overrides_have_data_sets(self) -> Self:
        unknown = sorted(set(self.overrides) - set(self.datasets))
        if unknown:
            raise ValueError(f"overrides names {unknown}, which are no data sets; those are {sorted(self.datasets)}")
        return self

    @model_validator(mode="after")
    def _points_are_of_data_sets(self) -> Self:
        if self.points and (unknown := sorted(set(self.points.datasets) - set(self.datasets))):
            raise ValueError(f"points names {unknown}, which are no data sets; those are {sorted(self.datasets)}")
        if self.points is None and (
            asking := [name for name, of in EXPERIMENTS.items() if of.on_points and self.asks_for(name)]
        ):
            raise ValueError(f"{asking[0]} needs the key `points`")
        return self

    @model_validator(mode="after")
    def _experiments_have_what_they_read(self) -> Self:
        for name, of in EXPERIMENTS.items():
            if of.needs and self.asks_for(name) and not self.asks_for(of.needs):
                raise ValueError(f"{name} needs the key `{of.needs}`")
        return self

    @property
    def results(self) -> Path:
        """The folder of what a run of this configuration leaves."""
        return Path("results") / self.name

    def asks_for(self, experiment: str) -> bool:
        """Whether the configuration has the key of an experiment."""
        return getattr(self, experiment) is not None

    def of(self, experiment: str, dataset: str) -> Settings:
        """What the configuration says of an experiment, for a data set, whose overrides are put in."""
        settings: Settings = getattr(self, experiment)
        override: Settings | None = getattr(self.overrides.get(dataset), experiment, None)
        return settings.model_copy(update=override.model_dump(exclude_none=True)) if override else settings

    def cells(self, experiment: str) -> list[Key]:
        """(data set, loss, dimension z) on which an experiment runs: its own losses and dimensions, or those of all.

        None for an experiment that the configuration leaves out.
        """
        if not self.asks_for(experiment):
            return []
        settings, description = getattr(self, experiment), EXPERIMENTS[experiment]
        losses: list[Loss] = getattr(settings, "losses", self.losses)
        dimensions: list[int] = getattr(settings, "dimensions", self.dimensions)
        names = self.points.datasets if self.points and description.on_points else list(self.datasets)
        names = [name for name in names if not description.needs_labels or self.has_labels(name)]
        return [
            (name, loss, z)
            for name in names
            for loss in losses
            for z in dimensions
            if z >= description.smallest_dimension
        ]

    def seeds_of(self, experiment: str) -> int:
        """Number of independent repetitions of an experiment: random starts, or samples of the data."""
        repetitions: int = self.value(EXPERIMENTS[experiment].repetitions if self.asks_for(experiment) else "seeds")
        return repetitions

    def settings_of(self, stage: Stage, cell: Mapping[str, str]) -> Settings:
        """What a stage reads of the configuration in a cell, the values of its wildcards: nothing else reaches it."""
        values = {name: self.value(stage.given.get(name, name), cell) for name in stage.settings.model_fields}
        return stage.settings.model_validate(values)

    def parts(self, stage: Stage, cell: Mapping[str, str]) -> range:
        """The numbers of the jobs that share the work of a stage in a cell."""
        assert stage.parts is not None
        return range(len(stage.parts(self.settings_of(stage, {**cell, "part": "0"}))))

    def value(self, path: str, cell: Mapping[str, str] = MappingProxyType({})) -> Any:
        """The value at a path that begins with a wildcard, a property of the data set of the cell, or a key."""
        head, *rest = path.format(**cell).split(".")
        dataset = cell.get("dataset", "")
        match head:
            case _ if head in cell:
                value: Any = cell[head]
            case "dataset_name":
                value = dataset
            case "dataset_settings":
                value = self.datasets[dataset]
            case "checksum":
                value = self.checksum(dataset)
            case _ if head in EXPERIMENTS:
                value = self.of(head, dataset)
            case _:
                value = getattr(self, head)
        for name in rest:
            value = getattr(value, name)
        return value

    def has_labels(self, dataset: str) -> bool:
        """Whether a data set has labelled train and test items; those of a user's own need not."""
        match self.datasets[dataset]:
            case Idx(labels=labels, test_labels=test_labels):
                return labels is not None and test_labels is not None
            case Npz(path=path) as arrays:
                placed = arrays.model_copy(update={"path": self._place / path})
                return placed.names() >= {"train_labels", "test", "test_labels"}
            case _:
                return True

    def placed(self, folder: Path) -> Self:
        """The same configuration, for a process that works elsewhere than where the user's own files are named from."""
        copy = self.model_copy()
        copy._place = folder
        return copy

    def checksum(self, dataset: str) -> str:
        """Recorded SHA-256 of a shipped data set, empty for others: if it changes, what follows runs again."""
        shipped = isinstance(self.datasets[dataset], FashionMnist)
        return SHIPPED_CHECKSUM.read_text(encoding="utf-8").split()[0] if shipped else ""

    def data_files(self, dataset: str) -> list[Path]:
        """The user's own files that a data set is read from."""
        settings = self.datasets[dataset]
        return settings.files() if isinstance(settings, Idx | Npz) else []


_Complete = create_model(
    "Config",
    __base__=Config,
    __doc__="Everything that `make` can be told.",
    **_KEYS,
)


def _numbers(value: object, key: str = "") -> Iterator[tuple[str, float]]:
    """Those below a value, each with its key."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _numbers(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, int | float):
        yield key, value


def parse_config(values: Mapping[str, object], where: str) -> Config:
    """Typed configuration from plain values. Raises ConfigError: one line for each wrong key, starting with `where`."""
    _require_few(values, where)
    try:
        text = json.dumps(_with_exponents(values), default=str)
    except RecursionError:
        raise ConfigError(f"{where}: too deep; expected plain values") from None
    except (TypeError, ValueError) as error:  # a key that is a date
        raise ConfigError(f"{where}: {error}; expected keys that are words, and plain values") from None
    try:
        return _Complete.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ConfigError("\n".join(_line(where, item) for item in error.errors())) from None


def _require_few(values: object, where: str) -> None:
    """Raise ConfigError where aliases of YAML stand for more values than any configuration has, and than memory."""
    waiting, seen = [values], 0
    while waiting:
        match waiting.pop():
            case Mapping() as part:
                waiting.extend(part.values())
            case list() as part:
                waiting.extend(part)
        seen += 1
        if seen > _MOST_VALUES:
            raise ConfigError(f"{where}: more than {_MOST_VALUES:,} values, or one that holds itself")


def _with_exponents(value: object) -> object:
    """Plain values, with 2e-2 and 5e4 read as numbers: whole ones as integers, since counts are written so too."""
    match value:
        case Mapping():
            return {key: _with_exponents(part) for key, part in value.items()}
        case list():
            return [_with_exponents(part) for part in value]
        case str() if _EXPONENT.fullmatch(value):
            number = float(value)
            return int(number) if number.is_integer() else number
        case _:
            return value


def with_root_seed(config: Config, root_seed: int) -> Config:
    """The configuration with another root seed, and so another name; with its own, itself."""
    if root_seed == config.root_seed:
        return config
    return config.model_copy(update={"root_seed": root_seed, "name": name_with(config.name, root_seed)})


def config_schema() -> str:
    """JSON schema of the configuration, generated from the types."""
    return json.dumps(_Complete.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


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
