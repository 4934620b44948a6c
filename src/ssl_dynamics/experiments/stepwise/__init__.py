"""Stepwise learning: a loss like that of Barlow Twins learns one mode after another (docs/theory.md §12)."""
