"""The registry: every claim, in the parts of the report; each folder of experiments states its own in `claims.py`.

Thresholds are set from theory (docs/theory.md); where one was changed after a first result, the register says so
(`claims/changes.py`).
"""

from importlib import import_module

from ssl_dynamics.catalogue import EXPERIMENTS, claim_roots
from ssl_dynamics.claims.verdict import Claim

_MODULES = [import_module(root.partition(":")[0]) for root in claim_roots()]
_STATED: list[tuple[Claim, str]] = [(claim, module.__name__) for module in _MODULES for claim in module.CLAIMS]

# The parts of the report, in order, a notebook each, and their claims.
GROUPS: dict[str, list[Claim]] = {
    part: [claim for claim, _ in _STATED if EXPERIMENTS[claim.experiment].part == part]
    for part in dict.fromkeys(experiment.part for experiment in EXPERIMENTS.values())
}

CLAIMS = [claim for claims in GROUPS.values() for claim in claims]

# Claim to the name of the module that states it.
STATED_IN: dict[str, str] = {claim.id: module for claim, module in _STATED}
