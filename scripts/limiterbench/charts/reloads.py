"""Charts over the rate of reloads: what readers and the writer pay, and the memory held."""

from __future__ import annotations

from statistics import median
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from limiterbench.charts.axis import fix_ticks, size_axis, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import (
    Entry,
    behind,
    draw_behind,
    draw_floor,
    heading,
    mark_bars,
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


# 0 has no place on a logarithmic axis.
_LEAST_TIME = 0.5
_LEAST_HELD = 16.0


class _RateAxis:
    """A logarithmic axis with a place for no reloads at all, left of the lowest rate."""

    def __init__(self, rates: Sequence[float], least: float) -> None:
        self.means: Dict[float, str] = {}
        """What is at a place, in words."""
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
    axes: Any, axis: _RateAxis, curves: Curves, rows: Sequence[str], legends: Dict[str, Legend]
) -> Dict[str, Any]:
    """These rows, the others behind them. Returns the handles of the legend."""
    for row in sorted(set(curves) - set(rows)):
        points = curves[row]
        medians = [max(axis.least, p.summary.median) for p in points]
        draw_behind(axes, [axis.place(p.rate) for p in points], medians)
    handles: Dict[str, Any] = {}
    shown = [row for row in rows if row in curves]
    for index, row in enumerate(shown):
        legend, points = legends[row], curves[row]
        shift = 1.9 ** ((index + 0.5) / len(shown) - 0.5)
        medians = [max(axis.least, p.summary.median) for p in points]
        bars = axes.errorbar(
            [axis.place(p.rate) * shift for p in points],
            medians,
            yerr=[
                [m - max(axis.least, p.summary.low) for m, p in zip(medians, points)],
                [max(axis.least, p.summary.high) - m for m, p in zip(medians, points)],
            ],
            color=legend.colour,
            marker=legend.marker,
            linestyle=legend.linestyle,
            markeredgecolor="white",
            markeredgewidth=0.5,
            elinewidth=0.9,
            capsize=2.5,
            zorder=3,
        )
        handles[row] = mark_bars(row, bars)
        axis.means.update({axis.place(p.rate) * shift: _said(p.rate) for p in points})
    axis.draw(axes)
    return handles


def _said(rate: float) -> str:
    return f"{units.rate(rate)} reloads a second" if rate > 0 else "no reloads"


class _Column(NamedTuple):
    heading: str
    curves: Curves
    name: str
    """Of the column in the table behind the chart, without its unit."""


def _rows(columns: Sequence[_Column], threads: int, unit: str) -> List[Line]:
    lines: Dict[Tuple[str, float, str], Line] = {}
    for column in columns:
        for row, points in column.curves.items():
            for point in points:
                line = lines.setdefault(
                    (row, point.rate, point.scenario),
                    {
                        "limiter": row,
                        "scenario": point.scenario,
                        "threads": threads,
                        "reloads_median_per_second": point.rate,
                        "repetitions": point.summary.n,
                        **{f"{c.name}_{end}_{unit}": None for c in columns for end in _ENDS},
                    },
                )
                for end in _ENDS:
                    line[f"{column.name}_{end}_{unit}"] = getattr(point.summary, end)
    return [lines[key] for key in sorted(lines)]


_ENDS = ("median", "low", "high")


def _frame(
    manifest: Manifest,
    groups: Sequence[Group],
    threads: int,
    title: str,
    subtitle: str,
    about: str,
    columns: Sequence[_Column],
) -> Frame:
    rows = {row for column in columns for row in column.curves}
    families = families_of(rows)
    named = len(families) > 1
    heads = [
        [", ".join(part for part in (c.heading, f.name if named else "") if part) for c in columns]
        for f in families
    ]
    if len(columns) == 1:
        heads = [[head for (head,) in heads]]
    return Frame(
        f"{title} · {units.count(threads, 'thread')}",
        subtitle,
        caption(manifest, together(groups, threads), about),
        len(rows) + 2 * len(families) + 1,
        heads,
    )


def _fill(
    frame: Frame,
    columns: Sequence[_Column],
    legends: Dict[str, Legend],
    label: Callable[[float], str],
    least: float,
) -> List[Entry]:
    families = families_of({row for column in columns for row in column.curves})
    rates = [p.rate for c in columns for points in c.curves.values() for p in points]
    axis = _RateAxis(rates, least)
    entries: List[Entry] = []
    panels = iter(frame.panels)
    for family in families:
        entries += [heading(family.name)] if len(families) > 1 else []
        for column in columns:
            handles = _draw_rows(next(panels), axis, column.curves, family.rows, legends)
            if column is columns[0]:
                entries += _entries(column.curves, handles, label)
    frame.across = axis.means
    return entries + ([behind()] if len(families) > 1 else [])


def _entries(curves: Curves, handles: Dict[str, Any], label: Callable[[float], str]) -> List[Entry]:
    """From the top of the chart down, by the value at each row's highest rate."""
    ordered = sorted(handles, key=lambda row: (-curves[row][-1].summary.median, row))
    return [(handles[row], f"{label(curves[row][-1].summary.median):>8}  {row}") for row in ordered]


def _values(columns: Sequence[_Column]) -> List[float]:
    return [
        value
        for column in columns
        for points in column.curves.values()
        for point in points
        for value in (point.summary.low, point.summary.high)
    ]


def _legend(frame: Frame, title: str, entries: Sequence[Entry]) -> None:
    frame.legend(title, [handle for handle, _ in entries], [text for _, text in entries])


def reload_latency(
    manifest: Manifest, groups: Sequence[Group], legends: Dict[str, Legend]
) -> Frame:
    threads = threads_of(groups, manifest.topology.cpus)
    assert threads is not None
    columns = [
        _Column("p99 of one decision", curves_of(groups, threads, p99), "p99"),
        _Column("median of one reload", curves_of(groups, threads, publish_median), "publish_p50"),
    ]
    columns = [column for column in columns if column.curves]
    frame = _frame(
        manifest,
        groups,
        threads,
        "Latency against reload rate",
        "left: what readers pay for reloads; right: what the writer pays for one; lower is better",
        "the same requests without reloads, with 10 a second, and with as many as the row takes, "
        "up to 100,000 a second",
        columns,
    )
    frame.rows = _rows(columns, threads, "ns")
    floor = median(m.floor.p99_ns for group in groups for m in group.repetitions())
    entries = _fill(frame, columns, legends, units.time, _LEAST_TIME)
    for axes in frame.panels[:: len(columns)]:
        line = draw_floor(axes, floor)
        axes.set_ylabel("time")
    value_axis(frame.panels[0], [*_values(columns), max(floor, _LEAST_TIME)], units.time)
    entries.append((line, f"{units.time(floor):>8}  timer's p99"))
    _legend(frame, "decision's p99, most reloads", entries)
    return frame


def memory(manifest: Manifest, groups: Sequence[Group], legends: Dict[str, Legend]) -> Frame:
    threads = threads_of(groups, manifest.topology.cpus)
    assert threads is not None
    columns = [_Column("", curves_of(groups, threads, held_bytes), "held")]
    frame = _frame(
        manifest,
        groups,
        threads,
        "Memory held against reload rate",
        "configurations and counters in use, and retired ones not yet freed, at their peak",
        "bytes beyond the limiter's own object, where some rows keep all they have, as the row "
        "counts them",
        columns,
    )
    frame.rows = _rows(columns, threads, "bytes")
    entries = _fill(frame, columns, legends, units.size, _LEAST_HELD)
    values = [max(_LEAST_HELD, value) for value in _values(columns)]
    size_axis(frame.panels[0], values, _LEAST_HELD)
    frame.panels[0].set_ylabel("held at the peak")
    _legend(frame, "most reloads", entries)
    return frame
