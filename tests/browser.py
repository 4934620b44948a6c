"""Figures as a browser shows them."""

import base64
import io
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.image import imread
from scipy.ndimage import gaussian_filter, uniform_filter

DPI = 300  # twice as fine as the PNGs of a run: half as much is lost where letters are put onto pixels
CSS_DPI = 96
# The one font that figures name for text; of those that the machine may have besides nothing is to depend.
FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
STYLE = (
    "body { margin: 0; background: white } svg { display: block }"
    "@font-face { font-family: 'DejaVu Sans'; src: url(data:font/ttf;base64,%s) }"
)


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
    return imread(io.BytesIO(png))[..., :3] @ [0.299, 0.587, 0.114]


def distance(one, other, *, blur=3.0, window=8, reach=(6, 3)):
    """How far two pictures are apart where they are farthest, in a window of about a letter.

    Of every other pixel. Each window may lie up to `reach` of them below or above and beside, and both pictures are
    blurred: matplotlib puts lines of a legend and letters onto pixels, of which a SVG has fewer.
    """
    height, width = (max(sizes) for sizes in zip(one.shape, other.shape, strict=True))
    around = 2 * max(reach)

    def prepared(picture):
        down, right = height - picture.shape[0] + around, width - picture.shape[1] + around
        padded = np.pad(picture, ((around, down), (around, right)), constant_values=1)
        return gaussian_filter(padded, blur)[::2, ::2]

    one, other = prepared(one), prepared(other)
    vertical, horizontal = (range(-most, most + 1) for most in reach)
    apart = [
        uniform_filter(np.abs(one - np.roll(other, (down, right), (0, 1))), window)
        for down in vertical
        for right in horizontal
    ]
    return float(np.min(apart, axis=0).max())
