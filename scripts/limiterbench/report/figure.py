"""A chart as matplotlib drew it, one inline SVG a panel: narrow enough for a phone. What means
nothing in parts stays whole.

The page says title, legend and caption, and wraps them. What is drawn for a design carries its name
as gid, `row:NAME`. Here that becomes a class, by which a page hides the design. Each of its points
gets its numbers, read off the drawing itself.
"""

from __future__ import annotations

import io
from typing import Any, Callable, NamedTuple, Optional, Sequence

import matplotlib
from markupsafe import Markup
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from limiterbench.charts.frame import Frame
from limiterbench.charts.shared import ROW
from limiterbench.report.svg import Point, inline

_WIDTH, _HEIGHT = 4.7, 3.2
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.68, 0.1, 0.5, 0.1
# Above the axes, for the names of what begins with a thread: two lanes.
_NAMES = 0.34

Words = Callable[[float], Optional[str]]


_NONE = {"Date": None, "Creator": None}


class Panel(NamedTuple):
    heading: str
    svg: Markup
    points: list[Point]


def row_of(artist: Any) -> str | None:
    gid = artist.get_gid()
    return gid[len(ROW) :] if isinstance(gid, str) and gid.startswith(ROW) else None


def panels(
    frame: Frame, name: str, about: str, across: Words | None, classes: dict[str, str]
) -> list[Panel]:
    """`name` is unique in the page; `across` says a value of the horizontal axis in words, else
    the axis does; `classes` are the designs'."""
    if frame.whole:
        return [Panel("", whole(frame, name, about, classes), [])]
    figure = frame.figure
    figure.patch.set_visible(False)
    figure.legends.clear()
    figure.texts.clear()
    made: list[Panel] = []
    for number, (heading, axes) in enumerate(zip(frame.headings, frame.panels)):
        for other in frame.panels:
            other.set_visible(other is axes)
        points = _arrange(figure, axes, across)
        label = f"{about}: {heading}" if heading else about
        svg = inline(_drawn(figure), f"{name}-{number}", label, classes, points)
        made.append(Panel(heading, svg, points))
    return made


def whole(frame: Frame, name: str, about: str, classes: dict[str, str]) -> Markup:
    """All its panels as they stand."""
    frame.figure.patch.set_visible(False)
    frame.take_words_off()
    return inline(_drawn(frame.figure, "tight"), name, about, classes, [])


def _arrange(figure: Any, axes: Any, across: Words | None) -> list[Point]:
    """The panel alone fills the figure. Returns where its points have come to lie."""
    names = _NAMES if axes.texts else 0.0
    height = _HEIGHT + names
    figure.set_size_inches(_WIDTH, height)
    axes.set_position(
        (
            _LEFT / _WIDTH,
            _BOTTOM / height,
            1 - (_LEFT + _RIGHT) / _WIDTH,
            1 - (_BOTTOM + _TOP + names) / height,
        )
    )
    axes.tick_params(labelleft=True)
    axes.set_ylabel("")
    axes.patch.set_visible(False)
    return _points(axes, across, 72 * height)


def _points(axes: Any, across: Words | None, height: float) -> list[Point]:
    say = axes.yaxis.get_major_formatter()
    across = across or axes.xaxis.get_major_formatter()
    spans = _spans(axes)
    found: list[Point] = []
    for line in axes.lines:
        row = row_of(line)
        if row is None or line.get_marker() in ("None", "", " ", None, "_", "|"):
            continue
        for x, y in _marked(line):
            low, high = spans.get((row, round(x, 9)), (y, y))
            ends = f"{say(low)} to {say(high)}" if low < high else ""
            right, up = map(float, axes.transData.transform((x, y)) * 72 / axes.figure.dpi)
            found.append(Point(row, right, height - up, across(x) or "", say(y), ends))
    return found


def _marked(line: Line2D) -> Sequence[tuple[float, float]]:
    points = list(zip(map(float, line.get_xdata()), map(float, line.get_ydata())))
    every = line.get_markevery()
    return points if every is None else [points[index] for index in every]


def _spans(axes: Any) -> dict[tuple[str, float], tuple[float, float]]:
    """The ends of the bars, by design and place."""
    spans: dict[tuple[str, float], tuple[float, float]] = {}
    for bars in axes.collections:
        row = row_of(bars)
        if row is None or not isinstance(bars, LineCollection):
            continue
        for (x, low), (_, high) in bars.get_segments():
            spans[(row, round(float(x), 9))] = (float(low), float(high))
    return spans


def _drawn(figure: Any, box: str | None = None) -> str:
    drawn = io.StringIO()
    # Text as text: it is read aloud, selected and printed; the page's fonts are the reader's own.
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", bbox_inches=box, metadata=_NONE)
    return drawn.getvalue()
