"""One look for all figures: colours, line styles, sizes of text, and the labels of logarithmic axes."""

import re
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axis import Axis
from matplotlib.font_manager import fontManager
from matplotlib.scale import LogScale, register_scale
from matplotlib.ticker import LogFormatterSciNotation

Color = tuple[float, float, float]
Style = Literal["-", "--", ":"]
LineStyle = Style | Literal[""]

PALETTE = sns.color_palette("colorblind")
THEORY, CONTROL, GUIDE = "black", "grey", "black"  # what is predicted, what must fail, what guides the eye
# One colour, one meaning, in every figure.
LOSS_COLORS = {"contrastive": PALETTE[0], "non-contrastive": PALETTE[1]}
DYNAMICS_COLORS = {"unconstrained": PALETTE[3], "grassmannian": PALETTE[2]}
REGRESSION_COLOR = PALETTE[5]
INDIGO, PURPLE, OLIVE, ROSE = map(mpl.colors.to_rgb, ("#332288", "#aa4499", "#999933", "#cc6677"))
LINEARISED_COLOR = PURPLE
ACTIVATION_COLORS = {"identity": ROSE, "relu": INDIGO, "erf": OLIVE}
# Trained under the constraint, and closer and closer to it as the step size is extrapolated away: shades of its colour.
EXTRAPOLATION_COLORS: dict[int, Color] = dict(
    enumerate(map(mpl.colors.to_rgb, ("#01442f", DYNAMICS_COLORS["grassmannian"], "#69c9a9")))
)
# What one figure alone tells apart has one of these; shades of a quantity are `shades`.
LOCAL = WINE, SKY, PINK, TAN, TEAL = tuple(
    map(mpl.colors.to_rgb, ("#882255", "#56b4e9", "#cc78bc", "#7a5c20", "#44aa99"))
)
# From no penalty to a strong one, between the colours of no constraint and of the constraint.
BETWEEN = [mpl.colors.to_rgb(color) for color in ("#1b1142", "#4a3ab0", "#a347b8", "#f2a6d8")]
# Where colours tell something else.
LOSS_LINES: dict[str, Literal["-", "--"]] = {"contrastive": "-", "non-contrastive": "--"}
ACTIVATION_MARKERS = {"identity": "^", "relu": "o", "erf": "s"}
ACTIVATION_NAMES = {"identity": "identity", "relu": "ReLU", "erf": "erf"}
_RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
SINGLE, DOUBLE = 3.5, 7.0  # inches: a column of a page, and two
SMALL, BODY = 7.0, 8.0  # points: text next to lines and axes; titles and what axes show
CONTRAST = 4.5  # the least of text on white (WCAG 2, AA)


def apply() -> None:
    """Set the style; the salt and the missing date make equal figures equal bytes.

    Neither settings of the user's, wherever matplotlib has found some, nor fonts of the machine count.
    """
    mpl.rcdefaults()
    own = Path(mpl.get_data_path())
    fontManager.ttflist = [font for font in fontManager.ttflist if own in Path(font.fname).parents]
    sns.set_theme(context="paper", style="ticks", palette=PALETTE)
    register_scale(_LogScale)
    # Browsers that lack the first, which figures are laid out with, take another of no greater width.
    mpl.rcParams["font.sans-serif"] = ["DejaVu Sans", "Verdana"]
    # Letters are as wide in PNGs as in SVGs: hints would round each of them to whole pixels.
    mpl.rc("text", hinting="none")
    mpl.rc("svg", hashsalt="ssl-dynamics", fonttype="none")
    mpl.rc("figure", dpi=150)
    mpl.rc("savefig", dpi=150)
    mpl.rc("font", size=BODY)
    mpl.rc("axes", labelsize=BODY, titlesize=BODY)
    mpl.rc("legend", fontsize=SMALL, title_fontsize=SMALL)
    for ticks in ("xtick", "ytick"):
        mpl.rc(ticks, labelsize=SMALL)


def ink(color: Color | str) -> Color:
    """The colour, or where it is too bright for text on white, a darker one of the same hue."""
    rgb: Color = mpl.colors.to_rgb(color)
    while contrast(rgb) < CONTRAST:
        rgb = (0.97 * rgb[0], 0.97 * rgb[1], 0.97 * rgb[2])
    return rgb


def contrast(color: Color | str) -> float:
    """Contrast of a colour on white, from 1 to 21 (WCAG 2)."""
    rgb = np.array(mpl.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05))


def shades(values: Any, *, between: bool = False) -> dict[Any, Color]:
    """Colours of a quantity with these values, in increasing order: the larger, the brighter.

    Those `between` the dynamics without and with the constraint are no orange and no green.
    """
    ordered = sorted(set(values))
    count = len(ordered)
    colors = sns.blend_palette(BETWEEN, count) if between else sns.color_palette("viridis", count)
    return dict(zip(ordered, colors, strict=True))


class _Powers(LogFormatterSciNotation):
    """Labels such as 10⁻³ and 2×10⁵ as letters: as formulas, each would be parsed, and set in a font that SVG names."""

    def __call__(self, value: float, position: int | None = None) -> str:
        label = super().__call__(value, position).replace("\\times", "×")
        raised = re.sub(r"\^\{(.*?)\}", lambda exponent: exponent[1].translate(_RAISED), label)
        return re.sub(r"\$|\\mathdefault|[{}]", "", raised)


class _LogScale(LogScale):
    """The logarithmic scale, with these labels."""

    def __init__(self, **options: Any) -> None:  # matplotlib registers no scale that is made with an axis
        super().__init__(**options)

    def set_default_locators_and_formatters(self, axis: Axis) -> None:
        super().set_default_locators_and_formatters(axis)
        axis.set_major_formatter(_Powers(self.base))
        axis.set_minor_formatter(_Powers(self.base, labelOnlyBase=self.subs is not None))
