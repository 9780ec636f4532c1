"""The charts of runs, each with its caption and the numbers behind it."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence, Tuple

from limiterbench.charts.axis import percentile_label
from limiterbench.charts.catalogue import Chart, charts_of
from limiterbench.charts.frame import Frame, use_style
from limiterbench.charts.legends import families_of, legends_of
from limiterbench.common import units
from limiterbench.common.side_by_side import in_order
from limiterbench.records.run_folder import FIGURES
from limiterbench.report.contest import headline
from limiterbench.report.figure import Panel, Words, panels
from limiterbench.report.html import Html, tag
from limiterbench.report.markers import sample
from limiterbench.report.numbers import numbers
from limiterbench.report.stored import StoredRun


class Key(NamedTuple):
    """Of charts that belong together; None stands for several."""

    scenario: Optional[str]
    placement: Optional[str]

    @property
    def title(self) -> str:
        if self.placement is None:
            return "the host"
        return f"{self.scenario or 'all scenarios'}, {self.placement}"


class Gallery:
    """What the charts of some runs share: the look of the rows, and their places in the page."""

    def __init__(self, runs: Sequence[StoredRun], page: Path) -> None:
        """`page` is the file that will hold it: links start there."""
        self._runs = runs
        self._page = page
        rows = {row for run in runs for group in run.groups for row in group.limiters}
        self._legends = legends_of(rows)
        # A name may hold anything; what hides a row must not.
        self._classes = {row: f"r{number}" for number, row in enumerate(sorted(rows))}
        self._charts = [charts_of(r.folder, r.manifest, r.groups, self._legends) for r in runs]
        found = {(chart.kind, _key(chart)): None for charts in self._charts for chart in charts}
        self._places = {name: f"chart-{number}" for number, name in enumerate(found)}

    def place_of(self, kind: str, scenario: str, placement: str) -> Optional[str]:
        return self._places.get((kind, Key(scenario, placement)))

    def section(self) -> Html:
        if not self._places:
            return Html("")
        use_style()
        # Each takes a good part of a second.
        drawn = dict(zip(self._places, in_order(self._set, list(self._places))))
        parts = [tag("h2", "Charts"), self._rows()]
        for number, key in enumerate(self._keys()):
            shown = [figures for (_, other), figures in drawn.items() if other == key]
            parts.append(
                tag(
                    "details",
                    tag("summary", key.title),
                    tag("div", shown, class_="charts"),
                    class_="scenario",
                    open=number == 0 or key.scenario is None,
                )
            )
        return tag("section", parts, id="charts")

    def _keys(self) -> List[Key]:
        """What the answer is about comes first, then what is about everything."""
        first = {Key(h.scenario, h.placement) for h in map(headline, self._runs) if h is not None}
        keys = list({key: None for _, key in self._places})
        return sorted(keys, key=lambda key: (key not in first, key.scenario is not None))

    def _rows(self) -> Html:
        """The legend of every chart; with scripts, each row is a button that hides it."""
        parts: List[Html] = []
        for family in families_of(self._classes):
            buttons = [self._button(row) for row in family.rows]
            parts += [tag("h4", family.name), tag("div", buttons, class_="keys")]
        tools = [
            tag("button", words, type="button", data_show=which)
            for which, words in (("all", "show all"), ("none", "hide all"))
        ]
        parts.append(tag("div", tools, class_="keys tools", hidden=True))
        return tag("div", parts, id="keys")

    def _button(self, row: str) -> Html:
        return tag(
            "button",
            sample(self._legends[row]),
            tag("span", row, class_="key"),
            type="button",
            data_row=self._classes[row],
            aria_pressed="true",
        )

    def _set(self, name: Tuple[str, Key]) -> Html:
        """One kind of chart, of every run that has it."""
        place = self._places[name]
        figures = [
            self._figure(run, chart, f"{place}-{number}")
            for number, (run, charts) in enumerate(zip(self._runs, self._charts))
            for chart in charts
            if (chart.kind, _key(chart)) == name
        ]
        return tag("div", figures, id=place)

    def _figure(self, run: StoredRun, chart: Chart, name: str) -> Html:
        frame = chart.draw()
        title = f"{frame.title} · {run.name}" if len(self._runs) > 1 else frame.title
        counts = sorted({count for group in run.groups for count in group.threads})
        words = frame.across.get if frame.across else _across(chart.kind, counts)
        drawn = panels(frame, name, title, words, self._classes)
        return tag(
            "figure",
            tag("h3", title),
            tag("p", frame.subtitle, class_="small"),
            tag("div", [_panel(panel) for panel in drawn], class_=_layout(frame)),
            _caption(frame.caption),
            numbers(
                frame.rows, self._classes, run.folder / FIGURES / f"{chart.name}.csv", self._page
            ),
            class_="chart",
        )


def _key(chart: Chart) -> Key:
    return Key(chart.scenario, chart.placement)


def _across(kind: str, counts: Sequence[int]) -> Optional[Words]:
    """A value of the horizontal axis in words; as on the axis, if nothing better is known."""
    if kind == "percentiles":
        return percentile_label
    if kind == "load":
        return lambda x: f"{x:.0f} % load"
    # Rows stand a little beside the count that they belong to, so as not to hide each other.
    if kind in ("scaling", "p99", "fairness"):
        return lambda x: units.count(min(counts, key=lambda n: abs(n - x)), "thread")
    return None


def _layout(frame: Frame) -> str:
    return "whole" if frame.whole else "panels"


def _panel(panel: Panel) -> Html:
    heading = tag("h4", panel.heading) if panel.heading else Html("")
    return tag("div", heading, panel.svg)


def _caption(lines: Sequence[str]) -> Html:
    """What is plotted and what to beware of; host and clock, which all charts share, on demand."""
    apart = [line for line in lines[1:] if not line.startswith("Beware")]
    rest = tag("details", tag("summary", "host and clock"), [tag("p", line) for line in apart])
    beware = [line for line in lines[1:] if line.startswith("Beware")]
    return tag("figcaption", [tag("p", line) for line in [*lines[:1], *beware]], rest)
