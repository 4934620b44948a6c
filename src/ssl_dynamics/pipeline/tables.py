"""Which tables the comparison of each experiment writes, and which each figure reads."""

TABLES = {
    "unconstrained": ["collapse", "rank"],
    "grassmannian": ["errors", "steps", "angles", "integration", "rank"],
    "objectives": ["objectives", "learning", "temperatures"],
}

FIGURE_TABLES = {
    "collapse": "collapse",
    "rank": "rank",
    "exactness": "errors",
    "transient": "errors",
    "steps": "steps",
    "convergence": "angles",
    "objectives": "objectives",
    "temperatures": "temperatures",
}
