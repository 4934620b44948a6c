"""What a run shows of what Snakemake says while it works."""

import re
import sys

import pytest
from snakemake.logging import format_percentage

from ssl_dynamics.engine import run


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
