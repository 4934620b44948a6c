"""Which tables the comparison of each experiment writes, and which each figure reads."""

TABLES = {
    "unconstrained": ["collapse", "rank"],
    "grassmannian": ["errors", "steps", "angles", "integration", "rank"],
    "downstream": ["accuracy"],
    "collapse_cost": ["probes"],
    "learning_times": ["acquisition"],
    "finite_sample": ["sines"],
    "mini_batch": ["noise"],
}

FIGURE_TABLES = {
    "collapse": "collapse",
    "rank": "rank",
    "exactness": "errors",
    "transient": "errors",
    "steps": "steps",
    "convergence": "angles",
    "downstream": "accuracy",
    "probes": "probes",
    "acquisition": "acquisition",
    "finite-sample": "sines",
    "mini-batch": "noise",
}
