"""Constrained training at finite step sizes: other retractions, orthogonal iteration, and the limits in η."""
