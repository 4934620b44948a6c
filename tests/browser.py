"""Figures as a browser shows them."""

import base64
import io
import shutil
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, uniform_filter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DPI = 150  # of the PNGs
CSS_DPI = 96
# The one font that figures name for text; of those that the machine may have besides nothing is to depend.
FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
STYLE = (
    "body { margin: 0; background: white } svg { display: block }"
    "@font-face { font-family: 'DejaVu Sans'; src: url(data:font/ttf;base64,%s) }"
)


@contextmanager
def chromium():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- takes half a second

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@contextmanager
def canvas(started):
    """A tab in which SVGs are drawn as large as their PNGs."""
    tab = started.new_page(device_scale_factor=DPI / CSS_DPI, viewport={"width": 1200, "height": 1600})
    tab.set_content(f"<style>{STYLE % base64.b64encode(FONT.read_bytes()).decode()}</style><main></main>")
    yield tab
    tab.close()


def drawn(tab, svg):
    """Greys of an SVG as the browser draws it, from 0 to 1."""
    tab.evaluate("async svg => { document.querySelector('main').innerHTML = svg; await document.fonts.ready }", svg)
    return greys(tab.locator("svg").screenshot())


def greys(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float) / 255


def distance(one, other, *, blur=1.5, window=8, reach=4):
    """How far two pictures are apart where they are farthest, in a window of about a letter.

    Each window may lie up to `reach` pixels elsewhere, and both are blurred: a browser puts letters, points and lines
    between pixels, where matplotlib puts them onto pixels.
    """
    height, width = (max(sizes) for sizes in zip(one.shape, other.shape, strict=True))
    one, other = (
        gaussian_filter(
            np.pad(
                each,
                ((reach, height - each.shape[0] + reach), (reach, width - each.shape[1] + reach)),
                constant_values=1,
            ),
            blur,
        )
        for each in (one, other)
    )
    shifts = range(-reach, reach + 1)
    apart = [
        uniform_filter(np.abs(one - np.roll(other, (down, right), (0, 1))), window)
        for down in shifts
        for right in shifts
    ]
    return float(np.min(apart, axis=0).max())
