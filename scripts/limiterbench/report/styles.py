"""Styles that a page repeats thousands of times, named once: each shape comes with its own."""

from __future__ import annotations

import re
from zlib import crc32

_TAG = re.compile(r"<\w+[^<>]* style=\"[^\"]*\"[^<>]*>")
_STYLE = re.compile(r" style=\"([^\"]*)\"")
_CLASS = re.compile(r" class=\"([^\"]*)\"")


def share(body: str) -> tuple[str, str]:
    """The body with classes in place of styles, and the rules of those classes."""
    styles = {_name(style): style for style in sorted(set(_STYLE.findall(body)))}
    names = {style: name for name, style in styles.items()}
    shared = _TAG.sub(lambda found: _with_class(found[0], names), body)
    rules = [f".{name} {{ {style} }}\n" for name, style in styles.items()]
    return shared, "".join(rules)


def _name(style: str) -> str:
    """The same whatever else a page holds. One of two styles that share a name stays as it is."""
    return f"s{crc32(style.encode()):x}"


def _with_class(opening: str, names: dict[str, str]) -> str:
    style = _STYLE.search(opening)
    name = names.get(style[1]) if style else None
    if style is None or name is None:
        return opening
    rest = opening[: style.start()] + opening[style.end() :]
    if _CLASS.search(rest):
        return _CLASS.sub(rf' class="\1 {name}"', rest, count=1)
    return opening[: style.start()] + f' class="{name}"' + opening[style.end() :]
