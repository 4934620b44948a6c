"""Every figure's SVG, drawn by a browser, next to its PNG."""

import re
from contextlib import contextmanager

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.collections import Collection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from browser import DPI, canvas, distance, drawn, greys
from chromium import in_chromium
from ssl_dynamics.catalogue import FAMILIES
from ssl_dynamics.figures import theme, writing
from test_figures import drawn as figure_of
from test_figures import story

mpl.use("Agg")
pytestmark = in_chromium

# The bar of a root, whose thickness a PNG rounds, is 0.045 off, all other right text less. Of ‖ and ′ as matplotlib's
# own fonts for mathematics look to a browser it is 0.118, of n in place of z 0.068. Half-way to that, by ratio. (That
# no text names such a font, as √ would, is a test of `test_figures.py`.)
WRONG = 0.055
FIGURES = [(folder, figure) for folder, family in FAMILIES.items() for figure in family.figures]


@pytest.fixture(scope="module")
def tab(browser):
    with canvas(browser) as opened:
        yield opened


@pytest.fixture
def compared(tab, tmp_path):
    """How far a figure's text in a browser is from that in its PNG."""

    def compare(figure, change=lambda svg: svg):
        # A browser puts lines and points elsewhere between two pixels, which is more than a letter: text alone.
        for mark in figure.findobj(lambda artist: isinstance(artist, (Line2D, Patch, Collection))):
            mark.set_visible(mark is figure.patch)
        svg, png = tmp_path / "figure.svg", tmp_path / "figure.png"
        writing.write_figure(figure, svg, png)
        picture = re.sub(r"^.*?(?=<svg)", "", svg.read_text(encoding="utf-8"), flags=re.DOTALL)
        return distance(drawn(tab, change(picture)), greys(png.read_bytes()))

    theme.apply()
    mpl.rc("savefig", dpi=DPI)
    yield compare
    plt.close("all")


@pytest.mark.parametrize(("folder", "figure"), FIGURES, ids=[figure.name for _, figure in FIGURES])
def test_text_of_a_figure_is_what_its_png_shows(compared, folder, figure):
    assert compared(figure_of(figure, folder)) < WRONG


def test_text_of_the_story_is_what_its_png_shows(compared):
    assert compared(story()) < WRONG


def test_a_formula_as_text_is_noticed(compared, monkeypatch):
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.set_xlabel(r"$\|P-P'\|_F$")
    assert compared(figure) < WRONG
    monkeypatch.setattr(writing, "outlined_formulas", unchanged)
    assert compared(figure) > WRONG


def test_a_wrong_letter_is_noticed(compared):
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.set_xlabel("step size")
    assert compared(figure) < WRONG
    assert compared(figure, lambda svg: svg.replace("step size", "step sine")) > WRONG


def test_other_text_stays_text(compared):
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.set(xlabel="steps", ylabel=r"$\|P-P'\|_F$")
    said = []
    compared(figure, lambda svg: said.extend(re.findall(r"<text[^>]*>(.*?)</text>", svg)) or svg)
    assert "steps" in said
    assert all(not set(text) & set("$∥‖√\\") for text in said)
    assert figure.findobj(Text)[0].get_path_effects() == []


@contextmanager
def unchanged(_):
    yield
