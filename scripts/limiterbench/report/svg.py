"""SVG as matplotlib writes it, made small and fit to stand beside others in one page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html import escape
from typing import Dict, List, NamedTuple, Sequence, Set

from limiterbench.charts.shared import ROW
from limiterbench.report.html import Html, tag

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
    """Of its bar; empty if it has none."""

    @property
    def says(self) -> str:
        ends = f" ({self.ends})" if self.ends else ""
        return f"{self.row}, {self.across}: {self.value}{ends}"


def inline(
    drawn: str, name: str, label: str, classes: Dict[str, str], points: Sequence[Point]
) -> Html:
    """`name` sets its ids apart from other charts'; `classes` are the rows'."""
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
    return Html(
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f"{inner}{_hits(points, classes)}</svg>"
    )


def _serialized(part: ElementTree.Element) -> str:
    text = ElementTree.tostring(part, encoding="unicode")
    return re.sub(r">\s+<", "><", text.strip().replace(f' xmlns="{_SVG[1:-1]}"', ""))


def _used(root: ElementTree.Element) -> Set[str]:
    """The ids that something points to."""
    used: Set[str] = set()
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


def _rounded(number: "re.Match[str]") -> str:
    return f"{float(number[0]):.1f}".rstrip("0").rstrip(".")


def _rename(
    element: ElementTree.Element, name: str, used: Set[str], classes: Dict[str, str]
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


def _hits(points: Sequence[Point], classes: Dict[str, str]) -> Html:
    """Where a pointer finds numbers; a browser without scripts shows the titles."""
    made: List[Html] = []
    for point in points:
        place = {"cx": f"{point.x:.1f}", "cy": f"{point.y:.1f}", "r": "4"}
        says = tag("title", point.says)
        made.append(tag("circle", says, class_=f"hit {classes.get(point.row, '')}", **place))
    return Html(f"<g>{''.join(made)}</g>")
