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
from ssl_dynamics.claims.verdict import Claim

# The parts of the report, in order, a notebook each: the modules that state their claims.
_PARTS = {
    "collapse": [collapse, kernel],
    "grassmannian": [constrained, finite_steps, widths],
    "framework": [framework, objectives],
    "tangent-kernel": [kernel_limit, drift, departure],
    "infinite-width": [constrained_nets, depth],
}

GROUPS: dict[str, list[Claim]] = {
    part: [claim for module in modules for claim in module.CLAIMS] for part, modules in _PARTS.items()
}

CLAIMS = [claim for claims in GROUPS.values() for claim in claims]

# Claim to the name of the module that states it.
STATED_IN: dict[str, str] = {
    claim.id: module.__name__ for modules in _PARTS.values() for module in modules for claim in module.CLAIMS
}
