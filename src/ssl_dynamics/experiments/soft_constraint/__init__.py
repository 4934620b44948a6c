"""Orthogonality as a penalty: what lies between collapse and the constraint (docs/theory.md §8)."""
