"""The table behind a chart, and the way to its CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Dict, Sequence

from limiterbench.common import units
from limiterbench.common.tidy import Line, Value
from limiterbench.report.html import Html, table, tag

_UNITS: Dict[str, Callable[[float], str]] = {
    "_ns": units.time,
    "_per_second": units.rate,
    "_bytes": units.size,
}


def numbers(lines: Sequence[Line], classes: Dict[str, str], file: Path, page: Path) -> Html:
    """`classes` are the rows', to hide them; `file` is the CSV, if there is one, and `page` where
    links start."""
    if not lines:
        return Html("")
    heads = list(lines[0])
    cells = [[_said(name, line[name]) for name in heads] for line in lines]
    keys = [classes.get(str(line.get("limiter")), "") for line in lines]
    return folded(table([_heading(name) for name in heads], cells, keys), file, page)


def folded(shown: Html, file: Path, page: Path) -> Html:
    """A table that a reader opens; beside it the same as CSV, if there is one."""
    link = os.path.relpath(file.resolve(), page.resolve().parent)
    beside = tag("a", "as CSV", href=Path(link).as_posix()) if file.is_file() else Html("")
    return tag("details", tag("summary", "numbers"), tag("p", beside, class_="small"), shown)


def _heading(column: str) -> str:
    unit = next((unit for unit in _UNITS if column.endswith(unit)), "")
    return column[: len(column) - len(unit)].replace("_", " ")


def _said(column: str, value: Value) -> str:
    if value is None:
        return "–"
    if not isinstance(value, (int, float)):
        return value
    words = next((words for unit, words in _UNITS.items() if column.endswith(unit)), None)
    return words(value) if words else f"{value:.4g}" if isinstance(value, float) else f"{value:,}"
