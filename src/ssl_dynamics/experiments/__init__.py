"""The experiments, a folder each. FOLDERS is the only list of them; its order is that of the claims within a part."""

FOLDERS = (
    "data",
    "dynamics",
    "kernel",
    "finite_steps",
    "soft_constraint",
    "widths",
    "downstream",
    "learning_times",
    "stepwise",
    "finite_sample",
    "mini_batch",
    "objectives",
    "kernel_limit",
    "drift",
    "departure",
    "constrained_nets",
    "depth",
)
