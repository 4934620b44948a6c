"""Simulation: trains on the loss over the triplets by automatic differentiation. Never imports the theory or C."""
