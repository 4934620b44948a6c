"""Figures as files: the same bytes for the same figure, and formulas that every browser shows."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal
from matplotlib.text import Text

from ssl_dynamics.engine.artifacts import whole_file


def write_figure(figure: Figure, *paths: Path) -> None:
    """Write a figure as .svg or .png, cut to what is drawn, without the time or the program that made it."""
    figure.set_layout_engine(None)  # all has its place: with an engine, every file would be drawn twice
    box = figure.get_tightbbox().padded(0.1)
    for path in paths:
        vector = path.suffix == ".svg"
        metadata = {"Date": None, "Creator": None} if vector else {"Software": None}
        with whole_file(path) as part, outlined_formulas(figure) if vector else nullcontext():
            figure.savefig(part, bbox_inches=box, metadata=metadata)


@contextmanager
def outlined_formulas(figure: Figure) -> Iterator[None]:
    """Text with formulas is drawn as outlines, all other text stays text.

    As text, matplotlib would name its fonts for mathematics and their own codes of glyphs, which no browser knows.
    """
    with ExitStack() as restored:
        for text in figure.findobj(Text):
            assert isinstance(text, Text)
            # What has effects is outlines already.
            if text.get_parse_math() and is_math_text(text.get_text()) and not text.get_path_effects():
                restored.callback(text.set_path_effects, [])
                text.set_path_effects([Normal()])
        yield
