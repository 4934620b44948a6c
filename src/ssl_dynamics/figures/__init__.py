"""Figures: one function each, tidy table in, Figure out."""
