"""The charts of runs, each with its caption and the numbers behind it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

from markupsafe import Markup

from limiterbench.charts.catalogue import Chart, charts_of
from limiterbench.charts.frame import use_style
from limiterbench.charts.legends import legends_of
from limiterbench.common import units
from limiterbench.common.side_by_side import in_order
from limiterbench.common.tidy import Line, Value
from limiterbench.records.latencies import USUAL_BUDGET_NS
from limiterbench.records.run_folder import FIGURES
from limiterbench.report.answer import PLAIN_PLACEMENT
from limiterbench.report.figure import whole
from limiterbench.report.stored import StoredRun
from limiterbench.stats.headlines import HEADLINE
from limiterbench.stats.loads import COMMON_RATE

# The charts of the first screen.
FIRST = ("load", "capacity")
_PRINCIPAL = (HEADLINE, PLAIN_PLACEMENT)


class Key(NamedTuple):
    """What charts that belong together share; None stands for several."""

    scenario: str | None
    placement: str | None

    @property
    def title(self) -> str:
        if self.placement is None:
            return "the host"
        return f"{self.scenario or 'all scenarios'}, {self.placement}"


class Table(NamedTuple):
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


class Figure(NamedTuple):
    title: str
    subtitle: str
    svg: Markup
    caption: Sequence[str]
    """What is plotted, and what to beware of."""
    about: Sequence[str]
    """Host and clock, which all charts share."""
    numbers: Table | None
    csv: str
    """A link to the same numbers; empty if there is none."""


class Set(NamedTuple):
    """One kind of chart, of every run that has it."""

    place: str
    figures: list[Figure]


class Scene(NamedTuple):
    title: str
    sets: list[Set]


class Gallery:
    """What the charts of some runs share: the look of the designs, and their places in the page."""

    def __init__(self, runs: Sequence[StoredRun], page: Path) -> None:
        """`page` is the file that will hold it: links start there."""
        self._runs = runs
        self._page = page
        rows = {row for run in runs for group in run.groups for row in group.limiters}
        libraries = {name: d.library for run in runs for name, d in run.designs.items()}
        legends = legends_of(rows, libraries)
        self._charts = [charts_of(r.folder, r.manifest, r.groups, legends) for r in runs]
        found = {(chart.kind, _key(chart)): None for charts in self._charts for chart in charts}
        self._places = {name: f"chart-{number}" for number, name in enumerate(found)}

    def first(self) -> list[Set]:
        """The charts of the first screen."""
        names = [name for name in self._places if name[0] in FIRST]
        return self._sets(sorted(names, key=lambda name: FIRST.index(name[0])))

    def _sets(self, names: Sequence[tuple[str, Key]]) -> list[Set]:
        use_style()
        # Each takes a good part of a second.
        return list(in_order(self._set, names))

    def scenes(self) -> list[Scene]:
        """All that the first screen does not show."""
        names = [name for name in self._places if name[0] not in FIRST]
        drawn = dict(zip(names, self._sets(names)))
        keys = sorted({key: None for _, key in names}, key=lambda key: key[:2] != _PRINCIPAL)
        return [
            Scene(key.title, [found for (_, other), found in drawn.items() if other == key])
            for key in keys
        ]

    def _set(self, name: tuple[str, Key]) -> Set:
        place = self._places[name]
        figures = [
            self._figure(run, chart, f"{place}-{number}")
            for number, (run, charts) in enumerate(zip(self._runs, self._charts))
            for chart in charts
            if (chart.kind, _key(chart)) == name
        ]
        return Set(place, figures)

    def _figure(self, run: StoredRun, chart: Chart, name: str) -> Figure:
        frame = chart.draw()
        title = f"{frame.title} · {run.name}" if len(self._runs) > 1 else frame.title
        first, *rest = frame.caption
        beware = [line for line in rest if line.startswith("Beware")]
        return Figure(
            title,
            frame.subtitle,
            whole(frame, name, f"{title}: {finding(frame.rows) or frame.subtitle}"),
            [first, *beware],
            [line for line in rest if line not in beware],
            _numbers(frame.rows),
            csv_link(run.folder, chart, self._page),
        )


def _key(chart: Chart) -> Key:
    return Key(chart.scenario, chart.placement)


def csv_link(run: Path, chart: Chart, page: Path) -> str:
    file = run / FIGURES / f"{chart.name}.csv"
    if not file.is_file():
        return ""
    return Path(os.path.relpath(file.resolve(), page.resolve().parent)).as_posix()


_UNITS: dict[str, Callable[[float], str]] = {
    "_ns": units.time,
    "_per_second": units.rate,
    "_bytes": units.size,
}


def _numbers(lines: Sequence[Line]) -> Table | None:
    if not lines:
        return None
    unit_of = {name: next((u for u in _UNITS if name.endswith(u)), "") for name in lines[0]}
    heads = [name[: len(name) - len(unit)].replace("_", " ") for name, unit in unit_of.items()]
    rows = [[_said(line[name], unit) for name, unit in unit_of.items()] for line in lines]
    return Table(heads, rows)


def finding(lines: Sequence[Line]) -> str:
    """The least and the most that a chart shows, at its most threads. Empty if it has no value."""
    name = next((n for n in (lines[0] if lines else {}) if _IS_VALUE.search(n)), "")
    about = [key for key, wanted in _SHOWN.items() if lines and key in lines[0]]
    for key in about:
        known = {line[key] for line in lines if isinstance(line[key], (int, float))}
        nearest = min(known, key=lambda v: abs(float(str(v)) - (_SHOWN[key] or 1e99)), default=None)
        lines = [line for line in lines if line[key] == nearest]
    found = [(float(str(line[name])), line) for line in lines if name and line[name] is not None]
    if not found:
        return ""
    unit = next((unit for unit in _UNITS if name.endswith(unit)), "")
    least, most = min(found, key=lambda f: f[0]), max(found, key=lambda f: f[0])
    said = [f"{_said(value, unit)} ({_named(line)})" for value, line in (least, most)]
    return f"{name[: len(name) - len(unit)].replace('_', ' ')} from {said[0]} to {said[1]}"


def _named(line: Line) -> str:
    if "limiter" in line:
        return str(line["limiter"])
    return (
        f"CPUs {line['cpu_a']} and {line['cpu_b']}" if line.get("cpu_a") is not None else "shared"
    )


_IS_VALUE = re.compile(r"_median_|^p99_ns$|^capacity_median|^slowdown_to_best_ratio$|^value_ns$")
# Where a chart shows many, the one that the finding is about: the nearest to it; 0 is the most.
_SHOWN = {"threads": 0.0, "rate_per_second": COMMON_RATE, "within_ns": float(USUAL_BUDGET_NS)}


def _said(value: Value, unit: str) -> str:
    if value is None:
        return "–"
    if not isinstance(value, (int, float)):
        return value
    if unit:
        return _UNITS[unit](value)
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}"
