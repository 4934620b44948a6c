"""Figures: one function each, tidy table in, Figure out."""

import sys

# Seaborn takes scipy.stats, half a second to import, for density estimates alone, which no figure makes, and does
# without it where it is missing. A figure is a job of its own: it starts twice as fast where seaborn finds it missing.
if "scipy.stats" not in sys.modules:
    sys.modules["scipy.stats"] = None  # type: ignore[assignment]
    import seaborn  # noqa: F401

    del sys.modules["scipy.stats"]
