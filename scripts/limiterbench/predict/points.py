"""What a simulation says of one cell under one policy and one alpha, the tables that hold it, and
which design is faster as far as the model decides it.

Charts and rankings need no more than these tables: a stored prediction holds nothing else.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from itertools import combinations
from operator import attrgetter
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence, TypeVar

from limiterbench.common.errors import InputError
from limiterbench.common.files import display, replace_text
from limiterbench.common.tidy import plain
from limiterbench.records.cells import Cell, parse_cell

TABLE = "simulated.csv"
COLUMNS = ("ops_per_second",)
# A response beyond any budget stands for all that were never answered. Tables leave it empty.
SATURATED_NS = 1e12


class Assumption(NamedTuple):
    """What the model leaves open: which request a line serves next, and how long it is kept."""

    policy: str
    alpha: float


class Point(NamedTuple):
    """Of the closed loop."""

    cell: Cell
    assumed: Assumption
    operations_per_second: float


# A Point, or a Load: a cell, an assumption and numbers.
Entry = TypeVar("Entry", bound=tuple[Any, ...])
_KEY = ("cell", "policy", "alpha")


def write(path: Path, columns: Sequence[str], entries: Iterable[Entry]) -> None:
    """Sorted: the order in which processes end must not show."""
    lines = [",".join((*_KEY, *columns))]
    for cell, assumed, *numbers in sorted(entries):
        # Exactly the values that are read again, and that other hosts compute.
        texts = [
            "" if number == SATURATED_NS else plain(float(f"{number:.6g}")) for number in numbers
        ]
        lines.append(",".join((cell.name, assumed.policy, plain(assumed.alpha), *texts)))
    replace_text(path, "\n".join(lines) + "\n")


def read(path: Path, columns: Sequence[str], make: Callable[..., Entry]) -> list[Entry]:
    """Older tables have more columns."""
    wanted = (*_KEY, *columns)
    try:
        lines = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError(f"{display(path)}: {reason}") from None
    if not set(wanted) <= set(lines.fieldnames or ()):
        raise InputError(f"{display(path)}:1: the columns are not {','.join(wanted)}")
    try:
        return [make(*_values(line, columns)) for line in lines]
    except (TypeError, ValueError):
        raise InputError(f"{display(path)}:{lines.line_num}: not {','.join(wanted)}") from None


def _values(line: dict[str, str], columns: Sequence[str]) -> list[Any]:
    cell = parse_cell(line["cell"])
    if cell is None:
        raise ValueError
    assumed = Assumption(line["policy"], float(line["alpha"]))
    return [cell, assumed, *(float(line[name] or SATURATED_NS) for name in columns)]


class Band(NamedTuple):
    """From the lowest to the highest over the assumptions: nothing between them is likelier."""

    low: float
    high: float


# Takes a number from a Point, or from a line of another table.
Value = Callable[[Any], float]
# By row, then threads, then assumption.
Sheet = dict[str, dict[int, dict[Assumption, Point]]]


throughput: Value = attrgetter("operations_per_second")


def by_scenario(points: Iterable[Point]) -> dict[tuple[str, str], Sheet]:
    """(scenario, placement), in order of name."""
    sheets: dict[tuple[str, str], Sheet] = {}
    for point in sorted(points):
        cell = point.cell
        sheet = sheets.setdefault((cell.scenario, cell.placement), {})
        sheet.setdefault(cell.limiter, {}).setdefault(cell.threads, {})[point.assumed] = point
    return dict(sorted(sheets.items()))


def band(points: Mapping[Assumption, Any], value: Value) -> Band:
    values = [value(point) for point in points.values()]
    return Band(min(values), max(values))


def ratio(above: Mapping[Assumption, Any], below: Mapping[Assumption, Any], value: Value) -> Band:
    """Of two rows or two counts of threads, each pair under the same assumption. Where simulations
    failed, so that no pair is left, it may be anything."""
    shared = sorted(set(above) & set(below))
    ratios = [value(above[assumed]) / value(below[assumed]) for assumed in shared]
    return Band(min(ratios), max(ratios)) if ratios else Band(0.0, math.inf)


# The error that the validation allows the model for a row, docs/prediction.md.
MARGIN = 1.25

# By row, at one number of threads: a Point, or a line of another table.
Rows = Mapping[str, Mapping[Assumption, Any]]


class Placed(NamedTuple):
    row: str
    value: Band
    first: int
    """The best place that it can have, and the last."""
    last: int

    def places(self, dash: str) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}{dash}{self.last}"


class Ranking(NamedTuple):
    placed: list[Placed]
    undecided: list[tuple[str, str]]


def is_ahead(rows: Rows, ahead: str, behind: str, value: Value) -> bool:
    """Whether `ahead` has the larger value under every assumption, by more than the margin: also
    under those that some simulation failed under, of which nothing is known."""
    assumed = {assumed for points in rows.values() for assumed in points}
    if not set(rows[ahead]) == set(rows[behind]) == assumed:
        return False
    return ratio(rows[ahead], rows[behind], value).low > MARGIN


def orders(rows: Rows, value: Value) -> dict[tuple[str, str], int]:
    """Of each pair: 1 if the first row surely has the larger value, -1 if the second, else 0."""
    pairs = combinations(sorted(rows), 2)
    return {
        (a, b): int(is_ahead(rows, a, b, value)) - int(is_ahead(rows, b, a, value))
        for a, b in pairs
    }


def rank(rows: Rows, value: Value, lower_is_better: bool = False) -> Ranking:
    better = -1 if lower_is_better else 1
    found = orders(rows, value)
    wins = [(a, b) if order == better else (b, a) for (a, b), order in found.items() if order]
    above, below = Counter(b for _, b in wins), Counter(a for a, _ in wins)
    placed = [
        Placed(row, band(rows[row], value), above[row] + 1, len(rows) - below[row]) for row in rows
    ]
    undecided = [pair for pair, order in found.items() if not order]
    return Ranking(
        sorted(placed, key=lambda entry: (entry.first, entry.last, entry.row)), undecided
    )
