"""Runs of a configuration with another root seed than its file has: how they are named, and how `make` is told."""

import re

LEAST_DRAWS = 3  # of a sweep over root seeds: fewer say nothing of the next one
DRAWS_SUFFIX = "-draws"  # of the folder of what is said of several runs together

_NAME = re.compile(r"(.+)-root-(\d+)")


def name_with(name: str, root_seed: int) -> str:
    """The name of a run of the configuration `name` with another root seed, and so of the folder of its results."""
    return f"{name}-root-{root_seed}"


def taken_apart(name: str) -> tuple[str, int | None]:
    """The configuration's own name, which is that of its file, and the other root seed; None where it is its own."""
    match = _NAME.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, None)


def taken_for(name: str) -> str:
    """Why no configuration may have this name; empty where it may."""
    if taken_apart(name)[1] is not None:
        return "so are runs named that get another root seed (ROOT_SEED)"
    return "so is named what is said of several draws (make draws)" if name.endswith(DRAWS_SUFFIX) else ""


def variables(name: str) -> str:
    """What tells `make` of a run by its name, such as `CONFIG=config/quick.yaml ROOT_SEED=11`."""
    own, root_seed = taken_apart(name)
    return f"CONFIG=config/{own}.yaml" + ("" if root_seed is None else f" ROOT_SEED={root_seed}")
