"""Objectives beyond the dot product, on the same linear model under the same constraint (docs/theory.md §7)."""
