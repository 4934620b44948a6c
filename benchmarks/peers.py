"""The other half of a comparison with neural-tangents and pymanopt, which live in an environment of their own."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.turns import Clock
from ssl_dynamics.errors import RunError

ENVIRONMENT = Path(".venv-crosscheck/bin/python")
WORKER = Path(__file__).with_name("peer_worker.py")


class Peers:
    """A process that stays alive, does what it is asked to, one line at a time, and says what CPU time it took."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [ENVIRONMENT, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill() if kind else self._process.communicate()
        self._process.wait()

    def ask(self, task: str, **arguments: Any) -> float:
        """What the worker answers. Raises RunError where it has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RunError("the process of the peers has no pipes")
        try:
            self._process.stdin.write(json.dumps({"task": task, **arguments}) + "\n")
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RunError(f"the process of the peers ended at {task} {arguments}: what it said is above")
        return float(json.loads(answer))

    def clock(self, task: str, **arguments: Any) -> Clock:
        """A clock of a task that has been done once: compiled, and its memory in place."""
        self.ask(task, **arguments)
        return lambda: self.ask(task, **arguments)
