"""Measures: rows of one cell of a comparison table to one number for each seed."""
