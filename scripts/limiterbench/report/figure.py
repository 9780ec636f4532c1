"""A chart as matplotlib drew it, one inline SVG a panel: narrow enough for a phone. What means
nothing in parts stays whole.

The page says title, legend and caption, and wraps them. What is drawn for a design carries its name
as gid, `row:NAME`. Here that becomes a class, by which a page hides the design. Each of its points
gets its numbers, read off the drawing itself.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from typing import Any, Callable, NamedTuple, Optional, Sequence

import matplotlib
from markupsafe import Markup, escape
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import Legend
from limiterbench.charts.shared import ROW

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


_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+\.\d+")
_NEAR = re.compile(r"url\(#([^)]+)\)")
_LINK = re.compile(r"^#(.+)")
_FONT = re.compile(r"font: ((?:[a-z]+ )*)([\d.]+)px [^;]*")
_NOT_TURNED = re.compile(r"rotate\(-?0(?:\.0+)? ")

ElementTree.register_namespace("", _SVG[1:-1])


class Point(NamedTuple):
    row: str
    x: float
    y: float
    across: str
    value: str
    ends: str
    """The ends of its bar; empty if it has none."""

    @property
    def says(self) -> str:
        ends = f" ({self.ends})" if self.ends else ""
        return f"{self.row}, {self.across}: {self.value}{ends}"


def inline(
    drawn: str, name: str, label: str, classes: dict[str, str], points: Sequence[Point]
) -> Markup:
    """`name` sets its ids apart from other charts'; `classes` are the designs'."""
    root = ElementTree.fromstring(drawn)
    for part in list(root):
        if part.tag.endswith("metadata") or part.find(f"{_SVG}style") is not None:
            root.remove(part)
    used = _used(root)
    for element in root.iter():
        _shorten(element)
        _rename(element, name, used, classes)
    width, height = root.get("viewBox", "0 0 1 1").split()[2:]
    inner = "".join(_serialized(part) for part in root)
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f"{inner}<g>{''.join(_hit(point, classes) for point in points)}</g></svg>"
    )


def _serialized(part: ElementTree.Element) -> str:
    text = ElementTree.tostring(part, encoding="unicode")
    return re.sub(r">\s+<", "><", text.strip().replace(f' xmlns="{_SVG[1:-1]}"', ""))


def _used(root: ElementTree.Element) -> set[str]:
    """The ids that something points to."""
    used: set[str] = set()
    for element in root.iter():
        used.update(_LINK.findall(element.get(_HREF, "")))
        for value in (element.get("clip-path", ""), element.get("style", "")):
            used.update(_NEAR.findall(value))
    return used


def _shorten(element: ElementTree.Element) -> None:
    for key in ("d", "x", "y", "transform"):
        value = element.get(key)
        if value is not None:
            element.set(key, _NUMBER.sub(_rounded, " ".join(value.split())))
    if _NOT_TURNED.match(element.get("transform", "")):
        del element.attrib["transform"]
    style = element.get("style")
    if style is not None:
        element.set("style", _FONT.sub(r"font:\1\2px sans-serif", style).replace(": ", ":"))


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".rstrip("0").rstrip(".")


def _rename(
    element: ElementTree.Element, name: str, used: set[str], classes: dict[str, str]
) -> None:
    own = element.attrib.pop("id", "")
    if own.startswith(ROW) and own[len(ROW) :] in classes:
        element.set("class", classes[own[len(ROW) :]])
    elif own in used:
        element.set("id", f"{name}-{own}")
    link = element.attrib.pop(_HREF, None)
    if link is not None:
        element.set("href", f"#{name}-{link[1:]}")
    for key in ("clip-path", "style"):
        value = element.get(key)
        if value is not None:
            element.set(key, _NEAR.sub(rf"url(#{name}-\1)", value))


def _hit(point: Point, classes: dict[str, str]) -> str:
    """Where a pointer finds numbers; a browser without scripts shows the title."""
    return (
        f'<circle class="hit {classes.get(point.row, "")}" cx="{point.x:.1f}" cy="{point.y:.1f}" '
        f'r="4"><title>{escape(point.says)}</title></circle>'
    )


_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
_DASHES = {"-": "", "--": "4 2", "-.": "6 2 1 2", ":": "1 2"}
_MARKER_SIZE = 8.0


class Sample(NamedTuple):
    """A design's line and marker as the charts draw them, 30 wide and 12 high."""

    colour: str
    dashes: str
    outline: str


def sample(legend: Legend) -> Sample:
    dashes = (
        _DASHES.get(legend.linestyle, "")
        if isinstance(legend.linestyle, str)
        else " ".join(f"{length:g}" for length in legend.linestyle[1])
    )
    return Sample(legend.colour, dashes, _outline(legend.marker))


def _outline(marker: str) -> str:
    style = MarkerStyle(marker)
    path = style.get_path().transformed(style.get_transform())
    parts: list[str] = []
    for vertices, code in path.iter_segments():
        if code == Path.CLOSEPOLY:
            parts.append("Z")
            continue
        scaled = [vertices[i] * _MARKER_SIZE * (-1 if i % 2 else 1) for i in range(len(vertices))]
        moved = [value + (6 if i % 2 else 15) for i, value in enumerate(scaled)]
        parts.append(_COMMANDS[code] + " ".join(f"{value:.1f}" for value in moved))
    return "".join(parts)
