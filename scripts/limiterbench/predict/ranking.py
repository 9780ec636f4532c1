"""Which row is faster, as far as the model decides it: an order holds only where every policy and
every alpha agree on it, and by more than the model is off where it can be checked."""

from __future__ import annotations

from typing import NamedTuple

from limiterbench.predict.points import Assumption, Band, Point, Value, band, ratio

# The error that the validation allows the model for a row, docs/prediction.md.
MARGIN = 1.25

# By row, at one number of threads.
Rows = dict[str, dict[Assumption, Point]]


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


def _assumed(rows: Rows) -> set[Assumption]:
    return {assumed for points in rows.values() for assumed in points}


def is_ahead(rows: Rows, ahead: str, behind: str, value: Value) -> bool:
    """Whether `ahead` has the larger value under every assumption, by more than the margin: also
    under those that some simulation failed under, of which nothing is known."""
    if not set(rows[ahead]) == set(rows[behind]) == _assumed(rows):
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
