"""Which tables the comparison of each experiment writes, and which each figure reads."""

TABLES = {
    "unconstrained": ["collapse", "rank"],
    "grassmannian": ["errors", "steps", "angles", "integration", "rank"],
    "narrow": ["narrow_errors", "narrow_speeds", "narrow_integration"],
    "wide": ["wide_errors", "wide_starts", "wide_integration"],
}

FIGURE_TABLES = {
    "collapse": "collapse",
    "rank": "rank",
    "exactness": "errors",
    "transient": "errors",
    "steps": "steps",
    "convergence": "angles",
    "narrow-errors": "narrow_errors",
    "narrow-speeds": "narrow_speeds",
    "wide-errors": "wide_errors",
    "wide-starts": "wide_starts",
}
