"""Tables for programs: a line is a value for each column, a column's name ends in its unit."""

from __future__ import annotations

import csv
import io
import json
from typing import Mapping, Sequence, Union

Value = Union[None, str, int, float]
Line = dict[str, Value]


def plain(value: Value) -> str:
    """Seven digits, never an exponent; what is not known is empty."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    digits = f"{value:.0f}" if abs(value) >= 1e6 else f"{value:.7g}"
    return f"{value:.12f}".rstrip("0") if "e" in digits else digits


def as_csv(lines: Sequence[Mapping[str, Value]]) -> str:
    """All lines have the columns of the first one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(lines[0] if lines else [])
    writer.writerows([plain(value) for value in line.values()] for line in lines)
    return text.getvalue()


def as_json(lines: Sequence[Mapping[str, Value]]) -> str:
    return json.dumps(list(lines), indent=1, ensure_ascii=False) + "\n"
