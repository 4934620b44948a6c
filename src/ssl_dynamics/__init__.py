"""Open, reproducible replication of "Representation Learning Dynamics of Self-Supervised Models" (arXiv 2309.02011)."""

__version__ = "0.2.0"
