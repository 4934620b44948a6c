"""How many cores this process may use."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def available_cores(membership: Path = _MEMBERSHIP, cgroups: Path = _CGROUPS) -> int:
    """Cores that the system lets this process run on, fewer where a control group (a container, a job) has a quota.

    A quota is time of processors per time: of one and a half processors, say. It is rounded down, to 1 at least.
    `membership` and `cgroups` are where Linux says to which groups the process belongs, and what these may use.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.floor(min(cores, *_quotas(membership, cgroups), math.inf)))


def _quotas(membership: Path, cgroups: Path) -> Iterator[float]:
    """Those of the groups of the process and of all above, in processors: cgroup version 2, and version 1."""
    for folder in _groups(membership, cgroups):
        try:
            if (folder / "cpu.max").is_file():
                quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
            else:
                quota, period = (
                    (folder / f"cpu.cfs_{name}_us").read_text(encoding="utf-8") for name in ("quota", "period")
                )
            if quota != "max" and int(quota) > 0:
                yield int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):  # no such group here, or no quota
            continue


def _groups(membership: Path, cgroups: Path) -> Iterator[Path]:
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            root = cgroups
        elif "cpu" in controllers.split(","):
            root = cgroups / "cpu"
        else:
            continue
        group = Path(path.lstrip("/"))
        yield from (root / each for each in (group, *group.parents))
