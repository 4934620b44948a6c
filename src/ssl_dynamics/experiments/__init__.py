"""The experiments, a folder each. FOLDERS is the only list of them; its order is that of the claims within a part."""

FOLDERS = (
    "data",
    "dynamics",
    "kernel",
    "finite_steps",
    "edge_of_stability",
    "soft_constraint",
    "norm_constraints",
    "spectral_contrastive",
    "widths",
    "downstream",
    "learning_times",
    "finite_sample",
    "mini_batch",
    "objectives",
    "kernel_limit",
    "drift",
    "departure",
    "constrained_nets",
    "output_layer",
    "depth",
)
