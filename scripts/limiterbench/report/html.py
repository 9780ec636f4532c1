"""Elements of a page. Text is escaped unless it was made here: names of rows and hosts are data."""

from __future__ import annotations

from html import escape
from typing import Iterable, Sequence, Union


class Html(str):
    """Markup that is safe to place in a page as it is."""


Child = Union[str, Html, Iterable[Union[str, Html]]]
_VOID = ("br", "input", "meta")


def text(value: str) -> Html:
    return value if isinstance(value, Html) else Html(escape(value))


def join(children: Iterable[str], separator: str = "") -> Html:
    return Html(separator.join(text(child) for child in children))


def tag(name: str, /, *children: Child, **attributes: Union[str, bool, None]) -> Html:
    """`class_` stands for class, `data_row` for data-row; True is an attribute without a value."""
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        word = key.rstrip("_").replace("_", "-")
        parts.append(word if value is True else f'{word}="{escape(str(value))}"')
    inside = "".join(text(child) if isinstance(child, str) else join(child) for child in children)
    opening = f"<{' '.join(parts)}>"
    return Html(opening if name in _VOID else f"{opening}{inside}</{name}>")


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    keys: Sequence[str] = (),
    texts: int = 1,
    labels: bool = False,
) -> Html:
    """The first `texts` columns hold words, the others numbers. `keys`: of each row, to hide it.
    With labels each cell knows its heading, so that a narrow screen can show rows as cards."""
    kinds = [None if i < texts else "n" for i in range(len(heads))]
    head = tag("tr", [tag("th", h, class_=kind, scope="col") for h, kind in zip(heads, kinds)])
    body = []
    for number, cells in enumerate(rows):
        first = tag("th", cells[0], scope="row")
        others = [
            tag("td", cell, class_=kind, data_label=name if labels else None)
            for cell, kind, name in zip(cells[1:], kinds[1:], heads[1:])
        ]
        body.append(tag("tr", first, others, data_row=keys[number] if keys else None))
    inner = tag("table", tag("thead", head), tag("tbody", body))
    return tag("div", inner, class_="wide cards" if labels else "wide", tabindex="0")
