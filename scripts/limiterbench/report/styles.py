"""Styles that a page repeats thousands of times, named once: each shape comes with its own."""

from __future__ import annotations

import re
from collections import Counter
from typing import Dict, Tuple

_TAG = re.compile(r"<\w+[^<>]* style=\"[^\"]*\"[^<>]*>")
_STYLE = re.compile(r" style=\"([^\"]*)\"")
_CLASS = re.compile(r" class=\"([^\"]*)\"")


def share(body: str) -> Tuple[str, str]:
    """The body with classes in place of styles, and the rules of those classes."""
    counts = Counter(_STYLE.findall(body))
    order = sorted(counts, key=lambda style: (-counts[style], style))
    names = {style: f"s{number:x}" for number, style in enumerate(order) if counts[style] > 1}
    shared = _TAG.sub(lambda found: _with_class(found[0], names), body)
    rules = [f".{name} {{ {style} }}\n" for style, name in names.items()]
    return shared, "".join(rules)


def _with_class(opening: str, names: Dict[str, str]) -> str:
    style = _STYLE.search(opening)
    name = names.get(style[1]) if style else None
    if style is None or name is None:
        return opening
    rest = opening[: style.start()] + opening[style.end() :]
    if _CLASS.search(rest):
        return _CLASS.sub(rf' class="\1 {name}"', rest, count=1)
    return opening[: style.start()] + f' class="{name}"' + opening[style.end() :]
