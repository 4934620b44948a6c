"""What a run shows of what Snakemake says while it works."""

import inspect
import re
import signal
import sys

import pytest
from snakemake.logging import format_percentage
from snakemake.scheduling.job_scheduler import JobScheduler

from ssl_dynamics.engine import run
from ssl_dynamics.errors import RunError


@pytest.mark.parametrize("total", [7, 300])  # from 200 jobs on, Snakemake says the first and last with decimals
def test_every_progress_line_is_shown_in_the_words_of_a_run(total, monkeypatch, capfd):
    monkeypatch.setattr(run.signal, "signal", lambda *_: None)
    said = [f"{done} of {total} steps ({format_percentage(done, total)}) done" for done in range(1, total + 1)]
    assert any("." in line for line in said) == (total >= 200)
    assert run._follow([sys.executable, "-c", f"print(*{said}, sep='\\n')"], run._NOISE) == 0
    shown = capfd.readouterr().out.splitlines()
    assert len(shown) == total
    for done, line in enumerate(shown, start=1):
        percent = round(100 * done / total)
        assert re.fullmatch(rf"\[{done} of {total} jobs done, {percent} %, \d+ s\]", line), line


def test_limit_that_the_snakefile_takes_off_is_where_snakemake_keeps_it():
    """Else its timers are back, and nobody notices but the processor."""
    source = inspect.getsource(JobScheduler)
    assert "self.job_rate_limiter = (" in source
    assert source.count("if self.job_rate_limiter is") == 2  # in schedule and job_selector: none is no limit


DEAF = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(os.getppid(), int(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        (f"{DEAF}signal.pause()", "killed"),
        (f"{DEAF}sys.exit(subprocess.run(['sleep', '1']).returncode + 7)", "by itself"),
    ],
)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_waits_for_jobs_and_kills_what_hangs_without_one(code, ended, sent, monkeypatch):
    children = []
    popen = run.subprocess.Popen
    monkeypatch.setattr(run.subprocess, "Popen", lambda *a, **k: children.append(popen(*a, **k)) or children[-1])
    monkeypatch.setattr(run, "_PATIENCE", 0.3)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    # A shell leaves it ignored in the background, where SIGTERM has to do.
    signal.signal(signal.SIGINT, signal.default_int_handler if sent == signal.SIGINT else signal.SIG_IGN)
    try:
        with pytest.raises(RunError, match="interrupted"):
            run._follow([sys.executable, "-c", code, str(int(sent))], run._NOISE)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert children[0].returncode == {"killed": -signal.SIGKILL, "by itself": 7}[ended]
