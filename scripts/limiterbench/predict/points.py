"""What a simulation says of one cell under one policy and one alpha, the table that holds it, and
which design is faster as far as the model decides it.

The charts and the rankings are made from the table alone, so that a stored prediction is small.
"""

from __future__ import annotations

import csv
import math
from operator import attrgetter
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, NamedTuple

from limiterbench.common.errors import InputError
from limiterbench.common.files import display, replace_text
from limiterbench.common.tidy import Line, as_csv
from limiterbench.common.tidy import Value as Written
from limiterbench.records.cells import Cell, parse_cell

TABLE = "simulated.csv"


class Assumption(NamedTuple):
    """What the model leaves open: which request a line serves next, and how long it is kept."""

    policy: str
    alpha: float


class Point(NamedTuple):
    cell: Cell
    assumed: Assumption
    operations_per_second: float
    p50_ns: float
    p90_ns: float
    p99_ns: float
    p999_ns: float
    fairness: float


_COLUMNS = (
    "cell",
    "policy",
    "alpha",
    "ops_per_second",
    "p50_ns",
    "p90_ns",
    "p99_ns",
    "p999_ns",
    "fairness",
)


def write(path: Path, points: Iterable[Point]) -> None:
    """Sorted: the order in which processes end must not show."""
    lines = [_line(point) for point in sorted(points)]
    replace_text(path, as_csv(lines) if lines else ",".join(_COLUMNS) + "\n")


def _line(point: Point) -> Line:
    # Exactly the values that are read again, and that other hosts compute.
    numbers = [float(f"{number:.6g}") for number in point[2:]]
    values: list[Written] = [point.cell.name, point.assumed.policy, point.assumed.alpha, *numbers]
    return dict(zip(_COLUMNS, values))


def read(path: Path) -> list[Point]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError(f"{display(path)}: {reason}") from None
    if not lines or tuple(lines[0].split(",")) != _COLUMNS:
        raise InputError(f"{display(path)}:1: the columns are not {','.join(_COLUMNS)}")
    points = [_point(path, number, row) for number, row in enumerate(csv.reader(lines[1:]), 2)]
    if len({point[:2] for point in points}) != len(points):
        raise InputError(f"{display(path)}: a cell is there twice under the same assumption")
    return points


def _point(path: Path, number: int, row: list[str]) -> Point:
    cell = parse_cell(row[0]) if len(row) == len(_COLUMNS) else None
    try:
        if cell is None:
            raise ValueError
        values = [float(text) for text in row[2:]]
        return Point(cell, Assumption(row[1], values[0]), *values[1:])
    except ValueError:
        raise InputError(f"{display(path)}:{number}: not {','.join(_COLUMNS)}") from None


class Band(NamedTuple):
    """From the lowest to the highest over the assumptions: nothing between them is likelier."""

    low: float
    high: float


# Takes a number from a Point, or from a line of another table.
Value = Callable[[Any], float]
# By row, then threads, then assumption.
Sheet = dict[str, dict[int, dict[Assumption, Point]]]


throughput: Value = attrgetter("operations_per_second")
p99: Value = attrgetter("p99_ns")


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


def rank(rows: Rows, value: Value, lower_is_better: bool = False) -> Ranking:
    def beats(one: str, other: str) -> bool:
        pair = (other, one) if lower_is_better else (one, other)
        return is_ahead(rows, *pair, value)

    names = sorted(rows)
    wins = {row: [other for other in names if other != row and beats(row, other)] for row in names}
    losses = {row: sum(row in wins[other] for other in names) for row in names}
    placed = [
        Placed(row, band(rows[row], value), losses[row] + 1, len(names) - len(wins[row]))
        for row in names
    ]
    undecided = [
        (one, other)
        for index, one in enumerate(names)
        for other in names[index + 1 :]
        if other not in wins[one] and one not in wins[other]
    ]
    return Ranking(
        sorted(placed, key=lambda entry: (entry.first, entry.last, entry.row)), undecided
    )


def orders(rows: Rows, value: Value) -> dict[tuple[str, str], int]:
    """Of each pair: 1 if the first row surely has the larger value, -1 if the second, else 0."""
    names = sorted(rows)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return {
        (a, b): int(is_ahead(rows, a, b, value)) - int(is_ahead(rows, b, a, value))
        for a, b in pairs
    }
