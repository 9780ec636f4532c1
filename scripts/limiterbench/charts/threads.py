"""Two charts over threads: total throughput, and p99."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from limiterbench.charts.axis import NAMES_HEIGHT, ThreadAxis, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import (
    Entry,
    Series,
    behind,
    draw_behind,
    draw_floor,
    heading,
    mark_bars,
    summary_rows,
)
from limiterbench.common import units
from limiterbench.records.manifest import Manifest
from limiterbench.stats.series import Group, clock_step_of, is_floor, latency, ops
from limiterbench.stats.statistics import Summary, summarize


def _last(points: Sequence[Tuple[int, Summary]]) -> float:
    return points[-1][1].median


def _by_last_value(series: Series) -> List[str]:
    """From the top of the chart down: those that reach furthest right first."""
    return sorted(series, key=lambda row: (-series[row][-1][0], -_last(series[row]), row))


def draw_rows(
    axes: Any, axis: ThreadAxis, series: Series, legends: Dict[str, Legend]
) -> Dict[str, Any]:
    """One line with bars a row. Returns its handle for the legend."""
    handles: Dict[str, Any] = {}
    for index, row in enumerate(_by_last_value(series)):
        legend = legends[row]
        shift = axis.beside(index, len(series))
        summaries = [summary for _, summary in series[row]]
        bars = axes.errorbar(
            [count * shift for count, _ in series[row]],
            [summary.median for summary in summaries],
            yerr=[
                [summary.median - summary.low for summary in summaries],
                [summary.high - summary.median for summary in summaries],
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
    return handles


class _Drawing(NamedTuple):
    """The panels of a chart: one a family, all rows in each, the others' as its background."""

    frame: Frame
    axes: List[ThreadAxis]
    entries: List[Entry]


def _draw_families(
    frame: Frame,
    group: Group,
    series: Series,
    legends: Dict[str, Legend],
    label: Callable[[float], str],
) -> _Drawing:
    families = families_of(series)
    axes: List[ThreadAxis] = []
    entries: List[Entry] = []
    for panel, family in zip(frame.panels, families):
        axis = ThreadAxis(panel, group.threads, len(families))
        axes.append(axis)
        for row in sorted(set(series) - set(family.rows)):
            draw_behind(panel, [n for n, _ in series[row]], [s.median for _, s in series[row]])
        handles = draw_rows(panel, axis, {row: series[row] for row in family.rows}, legends)
        if len(families) > 1:
            entries.append(heading(family.name))
        entries += [(handles[row], f"{label(_last(series[row])):>8}  {row}") for row in handles]
    if len(families) > 1:
        entries.append(behind())
    return _Drawing(frame, axes, entries)


def _values(series: Series) -> List[float]:
    return [
        value
        for points in series.values()
        for _, summary in points
        for value in (summary.low, summary.high)
    ]


def _finish(drawing: _Drawing, series: Series, extra: Sequence[Entry]) -> None:
    entries = [*drawing.entries, *extra]
    most = max(points[-1][0] for points in series.values())
    drawing.frame.legend(
        f"median at {units.count(most, 'thread')}",
        [handle for handle, _ in entries],
        [text for _, text in entries],
    )


def _frame(
    manifest: Manifest,
    group: Group,
    title: str,
    subtitle: str,
    about: str,
    series: Series,
) -> Frame:
    families = families_of(series)
    names = [family.name for family in families] if len(families) > 1 else [""]
    above = NAMES_HEIGHT if manifest.topology.boundaries.get(group.placement) else 0.0
    lines = caption(manifest, group, about)
    return Frame(title, subtitle, lines, len(series) + 4 + len(families), [names], above)


def _perfect(group: Group, series: Series, cpus: int) -> Optional[Tuple[str, List[float]]]:
    """What the fastest real limiter would reach if every thread added as much as the first."""
    first = group.threads[0]
    starts = {
        row: points[0][1].median
        for row, points in series.items()
        if points[0][0] == first and not is_floor(group.limiters[row])
    }
    if not starts:
        return None
    row = max(starts, key=lambda name: (starts[name], name))
    return row, [starts[row] * min(n, max(cpus, first)) / first for n in group.threads]


def scaling(manifest: Manifest, group: Group, legends: Dict[str, Legend]) -> Frame:
    series = group.summaries(ops)
    frame = _frame(
        manifest,
        group,
        f"Throughput against threads · {group.title}",
        "decisions a second of all threads together; higher is better",
        "throughput phase, no clock read per decision",
        series,
    )
    frame.rows = summary_rows(series, "throughput", "_per_second")
    drawing = _draw_families(frame, group, series, legends, units.rate)
    values = _values(series)
    extra: List[Entry] = []
    perfect = _perfect(group, series, manifest.topology.cpus)
    if perfect and len(group.threads) > 1:
        row, line = perfect
        for axes in frame.panels:
            (handle,) = axes.plot(group.threads, line, color="#555555", linewidth=0.9, zorder=2)
        extra.append((handle, f"          perfect scaling\n          of {row}"))
        values += line
    value_axis(frame.panels[0], values, units.rate)
    frame.panels[0].set_ylabel("decisions a second")
    extra += _mark_host(drawing, manifest, group)
    _finish(drawing, series, extra)
    return frame


def p99(manifest: Manifest, group: Group, legends: Dict[str, Legend]) -> Frame:
    series = group.summaries(latency(0.99))
    floor = summarize([measured.floor.p99_ns for measured in group.repetitions()]).median
    frame = _frame(
        manifest,
        group,
        f"p99 against threads · {group.title}",
        "one decision in 100 takes longer than this; lower is better",
        "latency phase, one clock read per decision included; closed loop, so that "
        "a thread kept waiting asks for nothing else, and starving looks fast",
        series,
    )
    frame.rows = summary_rows(series, "p99", "_ns")
    step = clock_step_of(group)
    drawing = _draw_families(
        frame,
        group,
        series,
        legends,
        lambda value: units.reading(value, units.at_floor(value, floor, step)),
    )
    for axes in frame.panels:
        line = draw_floor(axes, floor)
    value_axis(frame.panels[0], [*_values(series), max(floor, 0.5)], units.time)
    frame.panels[0].set_ylabel("p99 of one decision")
    extra: List[Entry] = [(line, f"{units.time(floor):>8}  timer's p99")]
    extra += _mark_host(drawing, manifest, group)
    _finish(drawing, series, extra)
    return frame


def _mark_host(drawing: _Drawing, manifest: Manifest, group: Group) -> List[Entry]:
    entries: List[Entry] = []
    for axis in drawing.axes:
        axis.boundaries(manifest.topology.boundaries.get(group.placement, []))
        entries = axis.oversubscription(manifest.topology.cpus)
    return entries
