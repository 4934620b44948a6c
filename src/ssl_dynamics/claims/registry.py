"""The registry: every claim, its quantity, its criterion and the control that must fail; a module for each part.

Thresholds are set from theory (docs/theory.md); where one was changed after a first result, a comment says so.
"""

from ssl_dynamics.claims.statements import (
    collapse,
    constrained,
    constrained_nets,
    departure,
    depth,
    drift,
    finite_steps,
    framework,
    kernel,
    kernel_limit,
    objectives,
    widths,
)

CLAIMS = [
    *collapse.CLAIMS,
    *kernel.CLAIMS,
    *constrained.CLAIMS,
    *finite_steps.CLAIMS,
    *widths.CLAIMS,
    *framework.CLAIMS,
    *objectives.CLAIMS,
    *departure.CLAIMS,
    *constrained_nets.CLAIMS,
    *drift.CLAIMS,
    *kernel_limit.CLAIMS,
    *depth.CLAIMS,
]
