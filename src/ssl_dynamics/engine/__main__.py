"""Runs one stage, from the command line that its rule gives: `python -m ssl_dynamics.engine --stage …`."""

from ssl_dynamics.engine.stage import main

main()
