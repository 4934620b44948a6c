"""Open, reproducible replication of "Representation Learning Dynamics of Self-Supervised Models" (arXiv 2309.02011)."""
