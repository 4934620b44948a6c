"""The file of a configuration: read, checked and named after itself; and a root seed as a user writes it."""

import re
from pathlib import Path

import yaml

from ssl_dynamics.catalogue import EXPERIMENTS
from ssl_dynamics.config import Config, parse_config, with_root_seed
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.root_seed import taken_for

_OF_A_RUN = ("benchmarks", "figures", "logs", "notebooks", "tables")  # its folders, beside those of its data sets
_MERGE = "tag:yaml.org,2002:merge"
_AMBIGUOUS = re.compile(r"[:_]|^[-+]?0[0-9b]")


def load_config(path: Path, root_seed: str | None = None) -> Config:
    """Read and check a YAML file. Another root seed, if one is given, takes the place of its own, and changes the name.

    Raises ConfigError in lines that name file, key, value and what is allowed.
    """
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
    if taken := taken_for(config.name):
        raise ConfigError(f"{path}: name: {config.name!r} is not allowed: {taken}")
    for key, name in [("name", config.name), *((f"datasets.{name}", name) for name in config.datasets)]:
        if taken := _taken_in_paths(name):
            raise ConfigError(f"{path}: {key}: {name!r} is not allowed: {taken}; choose another name")
    return config if root_seed is None else with_root_seed(config, root_number(root_seed))


def _taken_in_paths(name: str) -> str:
    """Why no configuration and no data set may have this name, which stands in every path; empty where they may."""
    if name in EXPERIMENTS:
        return "it is an experiment, whose tables are found by its name in their path"
    return "so is a folder named that every run makes" if name in _OF_A_RUN else ""


def root_number(text: str) -> int:
    """A root seed as a user writes it. Raises ConfigError."""
    if not (text.isascii() and text.isdecimal()):
        raise ConfigError(f"root seed: {text!r} is not allowed: it must be an integer, 0 or greater")
    return int(text)


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML's safe loader, which would let the last of two equal keys win, but for refusing them.

    A key of its own may take the place of one that `<<` merges in.
    """

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        keys = ["<<" if key.tag == _MERGE else self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: repeated keys: {', '.join(repeated)}")
        super().flatten_mapping(node)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        _require_decimal(node)
        return super().construct_yaml_int(node)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        _require_decimal(node)
        return super().construct_yaml_float(node)


_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:int", _UniqueKeyLoader.construct_yaml_int)
_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:float", _UniqueKeyLoader.construct_yaml_float)


def _require_decimal(node: yaml.ScalarNode) -> None:
    """Raise YAMLError for 010, 1:30 and 4_0, which YAML 1.1 reads as 8, 90 and 40, and YAML 1.2 does not."""
    if _AMBIGUOUS.search(node.value):
        raise yaml.YAMLError(
            f"line {node.start_mark.line + 1}: {node.value} is not allowed: it must be a number in decimal digits"
        )
