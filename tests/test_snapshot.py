"""The jobs of the shipped configurations are those of the snapshots: a move in the code leaves them as they are."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize("name", ["quick", "full"])
def test_jobs_are_those_of_the_snapshot(name):
    command = [sys.executable, TESTS / "dry_run.py", f"config/{name}.yaml"]
    printed = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=True).stdout
    snapshot = (TESTS / f"snapshots/{name}.txt").read_text(encoding="utf-8")
    assert printed == snapshot, "if this is meant: make snapshot, and look at what has changed"
