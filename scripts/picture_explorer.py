"""Write docs/figures/explorer.png: results/full/explorer.html as Chromium shows it (`make picture`)."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TOP = Path(__file__).resolve().parents[1]
PAGE = TOP / "results/full/explorer.html"
PICTURE = TOP / "docs/figures/explorer.png"
WIDTH, HEIGHT = 1280, 1090
SHOWN = {"z": 2, "eta": 0, "beta": 0.01, "time": 6}  # collapse under way, the penalty past its minimum
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


def main() -> None:
    """Take the picture. Exits with a message where there is no run, or no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not PAGE.is_file():
        sys.exit("results/full/explorer.html is missing: run make")
    if chromium is None:
        sys.exit("no chromium on this machine: install it, and try again")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        tab.goto(PAGE.as_uri())
        tab.evaluate("settings => explorer.set(settings)", SHOWN)
        tab.locator("#summary", has_text=f"At t = {SHOWN['time']}/‖C‖").wait_for()  # it lags behind the sliders
        tab.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
