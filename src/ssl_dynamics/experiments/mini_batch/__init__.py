"""Constrained training on batches: how far their noise takes it from the flow."""
