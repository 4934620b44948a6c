"""Draws: runs of one configuration with independent root seeds, of which the first is its own run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ssl_dynamics.config import Config, with_root_seed
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.root_seed import DRAWS_SUFFIX, LEAST_DRAWS, taken_apart

# What Snakemake is told beside the keys of a configuration: root seeds, those of draws that have stopped, and those of
# draws that are shipped and not run.
ROOTS, STOPPED, KEPT = "draw_roots", "stopped_draws", "kept_draws"

_LARGEST_ROOT = 2**32
_CHUNK = 10  # draws of what needs no training in a job: a minute of `quick`, half an hour of `full`
# Keys that say how many draws there are, which no run depends on.
COUNTS = {"draws", "equation_draws"}


def derived_roots(root_seed: int, draws: int) -> list[int]:
    """The root seeds of draws 0, 1, …: that of the configuration, then numbers derived from it by name.

    That of draw k depends on k alone: more draws leave it as it is.
    """
    return [root_seed, *(int(stream(root_seed, "draw", k).integers(_LARGEST_ROOT)) for k in range(1, draws))]


def draws_of(config: Config, roots: Sequence[int] = ()) -> list[Config]:
    """A configuration for each draw: with the root seeds given, else with as many derived ones as it asks for.

    A configuration that has been given another root seed is one draw, and has none of its own. Raises ConfigError for
    too few roots and for repeated ones.
    """
    if taken_apart(config.name)[1] is not None:
        return []
    roots = roots or derived_roots(config.root_seed, config.draws)
    if len(roots) < LEAST_DRAWS:
        raise ConfigError(f"roots: {len(roots)} are not allowed: there must be at least {LEAST_DRAWS}")
    if repeated := sorted({root for root in roots if roots.count(root) > 1}):
        raise ConfigError(f"roots: {' '.join(map(str, repeated))} is not allowed twice: draws must be independent")
    return [with_root_seed(config, root) for root in roots]


def equation_roots(config: Config, roots: Sequence[int] = ()) -> list[int]:
    """The root seeds of the draws of what needs no training, derived by name: draw 0 is that of the whole runs.

    The others are derived from the root seed of the configuration, or, where root seeds are given, from the second of
    these: they are as fresh as those. None where there are as many whole runs: so many as the configuration says, or
    those with the root seeds given.
    """
    if not draws_of(config, roots) or config.equation_draws <= (len(roots) or config.draws):
        return []
    if not roots:
        return derived_roots(config.root_seed, config.equation_draws)
    return [roots[0], *derived_roots(roots[1], config.equation_draws)[1:]]


def chunks(roots: Sequence[int]) -> list[list[int]]:
    """Root seeds of the jobs that make draws of what needs no training: more draws leave the full ones as they are."""
    return [list(roots[first : first + _CHUNK]) for first in range(0, len(roots), _CHUNK)]


def folder_of(config: Config) -> Path:
    """The folder of what is said of all draws together."""
    return Path(f"{config.results}{DRAWS_SUFFIX}")


def sizes_of(config: Config) -> dict[str, Any]:
    """All that a configuration says but what differs between draws, how many there are, and where nets are trained."""
    return config.model_dump(mode="json", exclude=COUNTS | {"name", "root_seed", "device"})


def listed(roots: Sequence[int]) -> str:
    """Root seeds in a word, as Snakemake is told them."""
    return ",".join(map(str, roots))


def told(values: Mapping[str, Any]) -> tuple[dict[str, list[int]], dict[str, Any]]:
    """Root seeds, by what they are, and the keys of the configuration, from what Snakemake was told."""
    lists = (ROOTS, STOPPED, KEPT)
    keys = {name: value for name, value in values.items() if name not in lists}
    return {name: [int(root) for root in str(values.get(name, "")).split(",") if root] for name in lists}, keys
