"""Simulation: trains on the loss over the triplets by automatic differentiation. Never imports the theory or C."""

from importlib.util import find_spec

from ssl_dynamics.extras import needs

if find_spec("torch") is None:
    raise ModuleNotFoundError(f"ssl_dynamics.simulation {needs('simulation')}", name="torch")
