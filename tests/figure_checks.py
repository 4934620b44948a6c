"""What is wrong with a figure: text that is small, pale, printed over other text, or beyond the page."""

from itertools import combinations

from matplotlib.text import Text

from ssl_dynamics.figures import theme

SHARED = 1.0  # pixels at 100 dots an inch that the boxes of two texts may share: they hold room above and below letters
EDGE = 2.0  # pixels that a text may reach beyond the page


def flaws(figure):
    """Each in words; none for a figure that can be read."""
    figure.set_dpi(100)
    figure.canvas.draw()
    texts = shown(figure)
    found = [f"{text.get_size():g} points: {said(text)}" for text in texts if text.get_size() < theme.SMALL]
    found += [
        f"contrast {theme.contrast(text.get_color()):.1f}: {said(text)}"
        for text in texts
        if theme.contrast(text.get_color()) < theme.CONTRAST or (text.get_alpha() or 1) < 1
    ]
    boxes = [(text, box(text)) for text in texts]
    found += [
        f"overprint: {said(one)} and {said(other)}"
        for (one, here), (other, there) in combinations(boxes, 2)
        if min(here.x1, there.x1) - max(here.x0, there.x0) > SHARED
        and min(here.y1, there.y1) - max(here.y0, there.y0) > SHARED
    ]
    right = figure.bbox.width + EDGE
    found += [f"beyond the edge: {said(text)}" for text, where in boxes if where.x0 < -EDGE or where.x1 > right]
    return found


def shown(figure):
    """Every text that is drawn: of axes that are seen, not empty."""
    hidden = {id(text) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for text in _unseen(axis)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]


def _unseen(axis):
    """Labels of ticks that lie outside the axis, or are switched off, and are kept for later."""
    drawn = {id(tick) for tick in axis._update_ticks()}
    for tick in [*axis.majorTicks, *axis.minorTicks]:
        if id(tick) not in drawn:
            yield from (tick.label1, tick.label2)


def box(text):
    return text.get_window_extent()


def said(text):
    return repr(text.get_text())
