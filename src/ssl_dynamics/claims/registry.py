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

# The parts of the report, in order: a notebook each.
GROUPS = {
    "collapse": [*collapse.CLAIMS, *kernel.CLAIMS],
    "grassmannian": [*constrained.CLAIMS, *finite_steps.CLAIMS, *widths.CLAIMS],
    "framework": [*framework.CLAIMS, *objectives.CLAIMS],
    "tangent-kernel": [*kernel_limit.CLAIMS, *drift.CLAIMS, *departure.CLAIMS],
    "infinite-width": [*constrained_nets.CLAIMS, *depth.CLAIMS],
}

CLAIMS = [claim for claims in GROUPS.values() for claim in claims]
