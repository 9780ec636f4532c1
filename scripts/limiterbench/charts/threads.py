"""Two charts over threads: total throughput, and p99."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from limiterbench import units
from limiterbench.charts.axis import ThreadAxis, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.legends import Legend
from limiterbench.manifest import Manifest
from limiterbench.series import Group, is_floor, latency, ops
from limiterbench.statistics import Summary, summarize

Series = Dict[str, List[Tuple[int, Summary]]]


def _last(points: Sequence[Tuple[int, Summary]]) -> float:
    return points[-1][1].median


def _by_last_value(series: Series) -> List[str]:
    """From the top of the chart down: those that reach furthest right first."""
    return sorted(series, key=lambda row: (-series[row][-1][0], -_last(series[row]), row))


def _draw_rows(
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
        handles[row] = bars.lines[0]
    return handles


def _values(series: Series) -> List[float]:
    return [
        value
        for points in series.values()
        for _, summary in points
        for value in (summary.low, summary.high)
    ]


def _finish(
    frame: Frame,
    series: Series,
    handles: Dict[str, Any],
    label: Callable[[float], str],
    extra: Sequence[Tuple[Any, str]],
) -> None:
    rows = list(handles)
    labels = [f"{label(_last(series[row])):>8}  {row}" for row in rows]
    most = max(points[-1][0] for points in series.values())
    frame.legend(
        f"median at {units.count(most, 'thread')}",
        [handles[row] for row in rows] + [handle for handle, _ in extra],
        labels + [text for _, text in extra],
    )


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
    frame = Frame(
        f"Throughput against threads · {group.scenario}",
        "decisions a second of all threads together; higher is better",
        caption(manifest, group, "throughput phase, no clock read per decision"),
        entries=len(series) + 4,
    )
    axes = frame.panels[0]
    axis = ThreadAxis(axes, group.threads)
    handles = _draw_rows(axes, axis, series, legends)
    values = _values(series)
    extra: List[Tuple[Any, str]] = []
    perfect = _perfect(group, series, manifest.topology.cpus)
    if perfect and len(group.threads) > 1:
        row, line = perfect
        (handle,) = axes.plot(group.threads, line, color="#555555", linewidth=0.9, zorder=2)
        extra.append((handle, f"          perfect scaling\n          of {row}"))
        values += line
    value_axis(axes, values, units.rate)
    axes.set_ylabel("decisions a second")
    extra += _mark_host(axis, manifest, group)
    _finish(frame, series, handles, units.rate, extra)
    return frame


def p99(manifest: Manifest, group: Group, legends: Dict[str, Legend]) -> Frame:
    series = group.summaries(latency(0.99))
    floor = summarize([measured.floor.p99_ns for measured in group.repetitions()]).median
    frame = Frame(
        f"p99 against threads · {group.scenario}",
        "one decision in 100 takes longer than this; lower is better",
        caption(
            manifest,
            group,
            "latency phase, one clock read per decision included; closed loop, so that "
            "a thread kept waiting asks for nothing else, and starving looks fast",
        ),
        entries=len(series) + 4,
    )
    axes = frame.panels[0]
    axis = ThreadAxis(axes, group.threads)
    handles = _draw_rows(axes, axis, series, legends)
    line = draw_floor(axes, floor)
    value_axis(axes, [*_values(series), max(floor, 0.5)], units.time)
    axes.set_ylabel("p99 of one decision")
    extra = [(line, f"{units.time(floor):>8}  timer's p99")]
    extra += _mark_host(axis, manifest, group)
    _finish(frame, series, handles, units.time, extra)
    return frame


def draw_floor(axes: Any, floor: float) -> Any:
    """What the timer costs alone: nothing at or under it can be told apart."""
    axes.axhspan(1e-3, floor, color="#efefef", zorder=0, linewidth=0)
    return axes.axhline(floor, color="#555555", linewidth=1.1, linestyle=(0, (2, 1)), zorder=2)


def _mark_host(axis: ThreadAxis, manifest: Manifest, group: Group) -> List[Tuple[Any, str]]:
    axis.boundaries(manifest.topology.boundaries.get(group.placement, []))
    return axis.oversubscription(manifest.topology.cpus)
