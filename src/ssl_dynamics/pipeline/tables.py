"""Which tables the comparison of each experiment writes, and which each figure reads."""

TABLES = {
    "unconstrained": ["collapse", "rank", "slopes", "spans"],
    "grassmannian": ["errors", "steps", "angles", "integration", "rank"],
    "finite_steps": ["retractions", "iteration", "drift", "limits"],
    "objectives": ["objectives", "learning", "temperatures"],
    "kernel": ["kernel_collapse", "kernel_slopes", "kernel_rank", "regression"],
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
    "retractions": "retractions",
    "iteration": "iteration",
    "drift": "drift",
    "limits": "limits",
    "integration": "integration",
    "objectives": "objectives",
    "temperatures": "temperatures",
    "kernel-collapse": "kernel_collapse",
    "kernel-rank": "kernel_rank",
    "narrow-errors": "narrow_errors",
    "narrow-speeds": "narrow_speeds",
    "wide-errors": "wide_errors",
    "wide-starts": "wide_starts",
}
