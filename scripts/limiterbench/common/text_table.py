"""Tables in plain text and in Markdown, without a module that a bare host lacks."""

from __future__ import annotations

from typing import Collection, Sequence

_WIDTH = 80
_GAP = 2


class TextTable:
    """The first column begins on the left and is cut to what 80 columns leave it."""

    def __init__(self, *headings: str) -> None:
        self.rows: list[Sequence[str]] = [headings]

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def __str__(self) -> str:
        first, *others = [max(map(len, column)) for column in zip(*self.rows)]
        widths = [min(first, _WIDTH - sum(others) - _GAP * len(others)), *others]
        lines = [(" " * _GAP).join(_fitted(row, widths)).rstrip() for row in self.rows]
        rule = "─" * (sum(widths) + _GAP * len(others))
        return "\n".join([lines[0], rule, *lines[1:]])


def _fitted(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    name = row[0] if len(row[0]) <= widths[0] else row[0][: widths[0] - 1] + "…"
    return [name.ljust(widths[0]), *(text.rjust(w) for text, w in zip(row[1:], widths[1:]))]


def markdown(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: int = 1,
    right: Collection[int] | None = None,
) -> list[str]:
    """All but the first `left` columns end on the right; or those of `right` do."""
    ends = range(left, len(heads)) if right is None else right
    rule = "|".join("---:" if column in ends else "---" for column in range(len(heads)))
    return [f"| {' | '.join(heads)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)]
