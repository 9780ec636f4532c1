"""A chart as matplotlib drew it, as inline SVG. The page says title and caption, and wraps them."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree

import matplotlib
from markupsafe import Markup, escape

from limiterbench.charts.frame import Frame

_NONE = {"Date": None, "Creator": None}
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+\.\d+")
_NEAR = re.compile(r"url\(#([^)]+)\)")
_LINK = re.compile(r"^#(.+)")
_FONT = re.compile(r"font: ((?:[a-z]+ )*)([\d.]+)px '([^']*)'[^;]*")
_NOT_TURNED = re.compile(r"rotate\(-?0(?:\.0+)? ")

ElementTree.register_namespace("", _SVG[1:-1])


def whole(frame: Frame, name: str, about: str) -> Markup:
    """`name` sets its ids apart from other charts'; `about` is read aloud."""
    frame.figure.patch.set_visible(False)
    frame.take_words_off()
    drawn = io.StringIO()
    # Text as text: it is read aloud, selected and printed; the page's fonts are the reader's own.
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        frame.figure.savefig(drawn, format="svg", bbox_inches="tight", metadata=_NONE)
    return _inline(drawn.getvalue(), name, about)


def _inline(drawn: str, name: str, label: str) -> Markup:
    root = ElementTree.fromstring(drawn)
    for part in list(root):
        if part.tag.endswith("metadata") or part.find(f"{_SVG}style") is not None:
            root.remove(part)
    used = _used(root)
    for element in root.iter():
        _shorten(element)
        _rename(element, name, used)
    width, height = root.get("viewBox", "0 0 1 1").split()[2:]
    inner = "".join(_serialized(part) for part in root)
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{inner}</svg>'
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
        element.set("style", _FONT.sub(_font, style).replace(": ", ":"))


def _font(found: re.Match[str]) -> str:
    return f"font:{found[1]}{found[2]}px {'monospace' if 'Mono' in found[3] else 'sans-serif'}"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".rstrip("0").rstrip(".")


def _rename(element: ElementTree.Element, name: str, used: set[str]) -> None:
    own = element.attrib.pop("id", "")
    if own in used:
        element.set("id", f"{name}-{own}")
    link = element.attrib.pop(_HREF, None)
    if link is not None:
        element.set("href", f"#{name}-{link[1:]}")
    for key in ("clip-path", "style"):
        value = element.get(key)
        if value is not None:
            element.set(key, _NEAR.sub(rf"url(#{name}-\1)", value))
