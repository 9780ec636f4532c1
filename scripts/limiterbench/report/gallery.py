"""The charts of runs, each with its caption and the numbers behind it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

from limiterbench.charts.axis import percentile_label
from limiterbench.charts.catalogue import Chart, charts_of
from limiterbench.charts.frame import use_style
from limiterbench.charts.legends import Family, families_of, legends_of
from limiterbench.common import units
from limiterbench.common.side_by_side import in_order
from limiterbench.common.tidy import Line, Value
from limiterbench.records.run_folder import FIGURES
from limiterbench.report.contest import headline
from limiterbench.report.figure import Panel, Sample, Words, panels, sample
from limiterbench.report.stored import StoredRun


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
    keys: Sequence[str] = ()
    """A class for each line: a page hides its design by it."""


class Figure(NamedTuple):
    title: str
    subtitle: str
    panels: Sequence[Panel]
    whole: bool
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
    is_open: bool
    sets: list[Set]


class Gallery:
    """What the charts of some runs share: the look of the designs, and their places in the page."""

    def __init__(self, runs: Sequence[StoredRun], page: Path) -> None:
        """`page` is the file that will hold it: links start there."""
        self._runs = runs
        self._page = page
        rows = {row for run in runs for group in run.groups for row in group.limiters}
        libraries = {name: d.library for run in runs for name, d in run.designs.items()}
        self.legends = legends_of(rows, libraries)
        # A name may hold anything; what hides a design must not.
        self.classes = {row: f"r{number}" for number, row in enumerate(sorted(rows))}
        self._charts = [charts_of(r.folder, r.manifest, r.groups, self.legends) for r in runs]
        found = {(chart.kind, _key(chart)): None for charts in self._charts for chart in charts}
        self._places = {name: f"chart-{number}" for number, name in enumerate(found)}

    def place_of(self, kind: str, scenario: str, placement: str) -> str | None:
        return self._places.get((kind, Key(scenario, placement)))

    def families(self) -> list[Family]:
        return families_of(self.classes, self.legends)

    def sample(self, row: str) -> Sample:
        return sample(self.legends[row])

    def scenes(self) -> list[Scene]:
        """All charts, drawn."""
        use_style()
        # Each takes a good part of a second.
        drawn = dict(zip(self._places, in_order(self._set, list(self._places))))
        return [
            Scene(
                key.title,
                number == 0 or key.scenario is None,
                [figures for (_, other), figures in drawn.items() if other == key],
            )
            for number, key in enumerate(self._keys())
        ]

    def _keys(self) -> list[Key]:
        """What the answer is about comes first, then what is about everything."""
        first = {Key(h.scenario, h.placement) for h in map(headline, self._runs) if h is not None}
        keys = list({key: None for _, key in self._places})
        return sorted(keys, key=lambda key: (key not in first, key.scenario is not None))

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
        counts = sorted({count for group in run.groups for count in group.threads})
        words = frame.across.get if frame.across else _across(chart.kind, counts)
        first, *rest = frame.caption
        beware = [line for line in rest if line.startswith("Beware")]
        return Figure(
            title,
            frame.subtitle,
            panels(frame, name, title, words, self.classes),
            frame.whole,
            [first, *beware],
            [line for line in rest if line not in beware],
            _numbers(frame.rows, self.classes),
            csv_link(run.folder, chart, self._page),
        )


def _key(chart: Chart) -> Key:
    return Key(chart.scenario, chart.placement)


def csv_link(run: Path, chart: Chart, page: Path) -> str:
    file = run / FIGURES / f"{chart.name}.csv"
    if not file.is_file():
        return ""
    return Path(os.path.relpath(file.resolve(), page.resolve().parent)).as_posix()


def _across(kind: str, counts: Sequence[int]) -> Words | None:
    """A value of the horizontal axis in words; as on the axis, if nothing better is known."""
    if kind == "percentiles":
        return percentile_label
    # Designs stand a little beside the count that they belong to, so as not to hide each other.
    if kind in ("scaling", "p99", "fairness"):
        return lambda x: units.count(min(counts, key=lambda n: abs(n - x)), "thread")
    return None


_UNITS: dict[str, Callable[[float], str]] = {
    "_ns": units.time,
    "_per_second": units.rate,
    "_bytes": units.size,
}


def _numbers(lines: Sequence[Line], classes: dict[str, str]) -> Table | None:
    if not lines:
        return None
    unit_of = {name: next((u for u in _UNITS if name.endswith(u)), "") for name in lines[0]}
    heads = [name[: len(name) - len(unit)].replace("_", " ") for name, unit in unit_of.items()]
    rows = [[_said(line[name], unit) for name, unit in unit_of.items()] for line in lines]
    return Table(heads, rows, [classes.get(str(line.get("limiter")), "") for line in lines])


def _said(value: Value, unit: str) -> str:
    if value is None:
        return "–"
    if not isinstance(value, (int, float)):
        return value
    if unit:
        return _UNITS[unit](value)
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}"
