"""Charts over the rate of reloads: what readers and the writer pay, and the memory held."""

from __future__ import annotations

from statistics import median
from typing import Any, Callable, NamedTuple, Sequence

from limiterbench.charts.axis import fix_ticks, size_axis, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Entry, Frame
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import (
    draw_behind,
    draw_floor,
    draw_line,
    ends_of,
    entries_of,
    heads_of,
)
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.manifest import Manifest
from limiterbench.stats.reloads import (
    Curves,
    curves_of,
    held_bytes,
    p99,
    publish_median,
    threads_of,
)
from limiterbench.stats.series import Group, together
from limiterbench.stats.statistics import columns as columns_of


# 0 has no place on a logarithmic axis.
_LEAST_TIME = 0.5
_LEAST_HELD = 16.0


class _RateAxis:
    """A logarithmic axis with a place for no reloads at all, left of the lowest rate."""

    def __init__(self, rates: Sequence[float], least: float) -> None:
        self.least = least
        """What is less is drawn here, on the vertical axis."""
        some = [rate for rate in rates if rate > 0]
        self._none = min(some, default=10.0) / 8
        self._high = max(some, default=10.0) * 2.2
        self._ticks = [10.0**k for k in range(-3, 8) if min(some, default=1) <= 10.0**k * 1.2]

    def place(self, rate: float) -> float:
        return rate if rate > 0 else self._none

    def draw(self, axes: Any) -> None:
        axes.set_xscale("log")
        axes.set_xlim(self._none / 2, self._high)
        ticks = [self._none, *(tick for tick in self._ticks if tick < self._high)]
        fix_ticks(
            axes.xaxis, ticks, lambda value: "none" if value == self._none else units.rate(value)
        )
        axes.set_xlabel("reloads a second, as achieved")


def _draw_rows(
    axes: Any, axis: _RateAxis, curves: Curves, rows: Sequence[str], legends: dict[str, Legend]
) -> dict[str, Any]:
    """These designs, the others behind them. Returns the handles of the legend."""
    for row in sorted(set(curves) - set(rows)):
        points = curves[row]
        medians = [max(axis.least, p.summary.median) for p in points]
        draw_behind(axes, [axis.place(p.rate) for p in points], medians)
    handles: dict[str, Any] = {}
    shown = [row for row in rows if row in curves]
    for index, row in enumerate(shown):
        points = curves[row]
        shift = 1.9 ** ((index + 0.5) / len(shown) - 0.5)
        across = [axis.place(p.rate) * shift for p in points]
        summaries = [p.summary for p in points]
        handles[row] = draw_line(axes, row, legends[row], across, summaries, axis.least)
    axis.draw(axes)
    return handles


class _Column(NamedTuple):
    heading: str
    curves: Curves
    name: str
    """The name of the column in the chart's table, without its unit."""


def _rows(shown: Sequence[_Column], threads: int, unit: str) -> list[Line]:
    lines: dict[tuple[str, float, str], Line] = {}
    empty = {k: v for column in shown for k, v in columns_of(column.name, unit, None).items()}
    for column in shown:
        for row, points in column.curves.items():
            for point in points:
                line: Line = {
                    "limiter": row,
                    "scenario": point.scenario,
                    "threads": threads,
                    "reloads_median_per_second": point.rate,
                    "repetitions": point.summary.n,
                    **empty,
                }
                line = lines.setdefault((row, point.rate, point.scenario), line)
                line.update(columns_of(column.name, unit, point.summary))
    return [lines[key] for key in sorted(lines)]


def _frame(
    manifest: Manifest,
    groups: Sequence[Group],
    legends: dict[str, Legend],
    threads: int,
    words: tuple[str, str, str],
    columns: Sequence[_Column],
    label: Callable[[float], str],
    least: float,
) -> tuple[Frame, list[Entry]]:
    """A panel for each family and column, and the legend's lines.
    `words`: title, subtitle, and what the caption says is plotted."""
    title, subtitle, about = words
    families = families_of({row for column in columns for row in column.curves}, legends)
    heads = heads_of(families, [column.heading for column in columns])
    if len(columns) == 1:
        heads = [[head for (head,) in heads]]
    frame = Frame(
        f"{title} · {units.count(threads, 'thread')}",
        subtitle,
        caption(manifest, together(groups, threads), about),
        sum(len(family.rows) for family in families) + 2 * len(families) + 1,
        heads,
    )
    rates = [p.rate for c in columns for points in c.curves.values() for p in points]
    axis = _RateAxis(rates, least)
    handles: dict[str, Any] = {}
    panels = iter(frame.panels)
    for family in families:
        for column in columns:
            drawn = _draw_rows(next(panels), axis, column.curves, family.rows, legends)
            if column is columns[0]:
                handles.update(drawn)
    # From the top of the chart down, by the value at each design's highest rate.
    last = {row: columns[0].curves[row][-1].summary.median for row in handles}
    order = sorted(handles, key=lambda row: (-last[row], row))
    return frame, entries_of(families, handles, order, lambda row: label(last[row]))


def _values(columns: Sequence[_Column]) -> list[float]:
    return ends_of(p.summary for c in columns for points in c.curves.values() for p in points)


def reload_latency(
    manifest: Manifest, groups: Sequence[Group], legends: dict[str, Legend]
) -> Frame:
    threads = threads_of(groups, manifest.topology.cpus)
    assert threads is not None
    columns = [
        _Column("p99 of one decision", curves_of(groups, threads, p99), "p99"),
        _Column("median of one reload", curves_of(groups, threads, publish_median), "publish_p50"),
    ]
    columns = [column for column in columns if column.curves]
    words = (
        "Latency against reload rate",
        "left: what readers pay for reloads; right: what the writer pays for one; lower is better",
        "the same requests without reloads, with 10 a second, and with as many as the design "
        "takes, up to 100,000 a second",
    )
    frame, entries = _frame(
        manifest, groups, legends, threads, words, columns, units.time, _LEAST_TIME
    )
    frame.rows = _rows(columns, threads, "_ns")
    floor = median(m.floor.p99_ns for group in groups for m in group.repetitions())
    entries.append(draw_floor(frame.panels[:: len(columns)], floor, "p99"))
    for axes in frame.panels[:: len(columns)]:
        axes.set_ylabel("time")
    value_axis(frame.panels[0], [*_values(columns), max(floor, _LEAST_TIME)], units.time)
    frame.legend("decision's p99, most reloads", entries)
    return frame


def memory(manifest: Manifest, groups: Sequence[Group], legends: dict[str, Legend]) -> Frame:
    threads = threads_of(groups, manifest.topology.cpus)
    assert threads is not None
    columns = [_Column("", curves_of(groups, threads, held_bytes), "held")]
    words = (
        "Memory held against reload rate",
        "configurations and counters in use, and retired ones not yet freed, at their peak",
        "bytes beyond the limiter's own object, where some designs keep all they have, as the "
        "design counts them",
    )
    frame, entries = _frame(
        manifest, groups, legends, threads, words, columns, units.size, _LEAST_HELD
    )
    frame.rows = _rows(columns, threads, "_bytes")
    values = [max(_LEAST_HELD, value) for value in _values(columns)]
    size_axis(frame.panels[0], values, _LEAST_HELD)
    frame.panels[0].set_ylabel("held at the peak")
    frame.legend("most reloads", entries)
    return frame
