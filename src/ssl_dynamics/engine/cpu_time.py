"""CPU seconds, of which Snakemake looks at those of a job twice a minute alone."""

import os


def cpu_seconds() -> float:
    """Of this process so far, and of those below it that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
