"""What a claim is made of: words, names of designs, and numbers that say where they come from."""

from __future__ import annotations

from typing import NamedTuple, Sequence, Union

from limiterbench.records.cells import Cell


class Code(NamedTuple):
    """The name of a design, or a formula."""

    text: str


class Number(NamedTuple):
    """A number of summary.csv, or what it takes one step to get from it."""

    text: str
    cell: Cell
    column: str
    share: float = 1.0
    """The factor on what the column says."""
    over: Cell | None = None
    """Divided by the same column of this cell."""

    @property
    def source(self) -> str:
        share = "" if self.share == 1 else f"{self.share:g} of "
        over = f" over that of {self.over.name}" if self.over else ""
        return f"{share}{self.column} of {self.cell.name}{over}"


Part = Union[str, Code, Number]


class Claim(NamedTuple):
    parts: Sequence[Part]
    chart: tuple[str, str, str] | None = None
    """Kind, scenario and placement of the chart that shows it."""
    section: str = ""
    """The section of the page that says more."""

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


def listed(names: Sequence[str]) -> list[Part]:
    """a, b and c"""
    parts: list[Part] = []
    for index, name in enumerate(names):
        if index:
            parts.append(" and " if index == len(names) - 1 else ", ")
        parts.append(Code(name))
    return parts
