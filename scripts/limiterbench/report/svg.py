"""SVG as matplotlib writes it, made small and fit to stand beside others in one page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple, Sequence

from markupsafe import Markup, escape
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

from limiterbench.charts.legends import Legend
from limiterbench.charts.shared import ROW

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
