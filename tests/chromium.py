"""Pages in Chromium, where the machine has one."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_chromium = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def violations(tab):
    """What axe-core finds in a page with all of it unfolded."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 -- as above

    tab.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    found = Axe().run(tab).response["violations"]
    return [(finding["id"], finding["impact"], finding["nodes"][0]["html"]) for finding in found]
