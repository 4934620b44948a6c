"""Figures: one function each, tidy table in, Figure out."""

import sys

# Seaborn takes scipy for density estimates and clusters alone, which no figure makes; it does without it where it is
# missing. A figure is a job of its own: it starts in less than half the time where seaborn finds these two missing.
_UNUSED = ("scipy.stats", "scipy.cluster")
if not any(name in sys.modules for name in _UNUSED):
    sys.modules |= dict.fromkeys(_UNUSED)  # type: ignore[arg-type]
    import seaborn  # noqa: F401

    for name in _UNUSED:
        del sys.modules[name]
