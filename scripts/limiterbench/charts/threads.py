"""The charts over threads: total throughput, p99, and how evenly the threads are served."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from limiterbench.charts.axis import NAMES_HEIGHT, ThreadAxis, fix_ticks, value_axis
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Entry, Frame
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import (
    Series,
    draw_behind,
    draw_floor,
    draw_line,
    ends_of,
    entries_of,
    heads_of,
    summary_rows,
)
from limiterbench.common import units
from limiterbench.records.manifest import Manifest
from limiterbench.stats.series import Group, is_floor, latency, ops, timer_of
from limiterbench.stats.statistics import Summary

_ABOUT_P99 = (
    "latency phase, one clock read per decision included; closed loop: a starved thread records "
    "few slow samples"
)
_ABOUT_FAIRNESS = (
    "Jain's index of the threads' decisions in the throughput phase: 1 if all decide as often, "
    "0.5 if half of them do everything, 1/threads if one does"
)
# Noise must not look like a difference.
_LOWEST_OF_A_FAIR_RUN = 0.8

# Draws what a chart has besides its designs, and sets its scale.
Extra = Callable[[Frame, list[float]], list[Entry]]


def _last(points: Sequence[tuple[int, Summary]]) -> float:
    return points[-1][1].median


def _draw_rows(
    axes: Any, axis: ThreadAxis, series: Series, order: Sequence[str], legends: dict[str, Legend]
) -> dict[str, Any]:
    """One line with bars for each design. Returns its handle for the legend."""
    return {
        row: draw_line(
            axes,
            row,
            legends[row],
            [count * axis.beside(index, len(order)) for count, _ in series[row]],
            [summary for _, summary in series[row]],
        )
        for index, row in enumerate(order)
    }


def over_threads(
    manifest: Manifest,
    group: Group,
    legends: dict[str, Legend],
    series: Series,
    words: tuple[str, str, str],
    label: Callable[[float], str],
    extra: Extra,
) -> Frame:
    """A panel for each family, with the other's designs in the background.
    `words`: title, subtitle, and what the caption says is plotted."""
    title, subtitle, about = words
    families = families_of(series, legends)
    counts = sorted({count for points in series.values() for count, _ in points})
    boundaries = manifest.topology.boundaries.get(group.placement, [])
    frame = Frame(
        f"{title} · {group.title}",
        subtitle,
        caption(manifest, group, about),
        len(series) + 4 + len(families),
        [[head for (head,) in heads_of(families)]],
        NAMES_HEIGHT if boundaries else 0.0,
    )
    # From the top of the chart down: those that reach furthest right first.
    order = sorted(series, key=lambda row: (-series[row][-1][0], -_last(series[row]), row))
    handles: dict[str, Any] = {}
    drawn: list[ThreadAxis] = []
    for panel, family in zip(frame.panels, families):
        axis = ThreadAxis(panel, counts, len(families))
        for row in sorted(set(series) - set(family.rows)):
            draw_behind(panel, [n for n, _ in series[row]], [s.median for _, s in series[row]])
        mine = [row for row in order if row in family.rows]
        handles.update(_draw_rows(panel, axis, series, mine, legends))
        drawn.append(axis)
    entries = entries_of(families, handles, order, lambda row: label(_last(series[row])))
    entries += extra(frame, ends_of(s for points in series.values() for _, s in points))
    shade: list[Entry] = []
    for axis in drawn:
        axis.boundaries(boundaries)
        shade = axis.oversubscription(manifest.topology.cpus)
    frame.legend(f"median at {units.count(counts[-1], 'thread')}", [*entries, *shade])
    return frame


def _perfect(group: Group, series: Series, cpus: int) -> tuple[str, list[float]] | None:
    """What the fastest real limiter would reach if every thread added as much as the first."""
    first = group.threads[0]
    starts = {
        row: points[0][1].median
        for row, points in series.items()
        if points[0][0] == first and not is_floor(group.limiters[row])
    }
    if not starts or len(group.threads) == 1:
        return None
    row = max(starts, key=lambda name: (starts[name], name))
    return row, [starts[row] * min(n, max(cpus, first)) / first for n in group.threads]


def scaling(manifest: Manifest, group: Group, legends: dict[str, Legend]) -> Frame:
    series = group.summaries(ops)
    perfect = _perfect(group, series, manifest.topology.cpus)

    def extra(frame: Frame, values: list[float]) -> list[Entry]:
        entries: list[Entry] = []
        if perfect:
            row, line = perfect
            for axes in frame.panels:
                (handle,) = axes.plot(group.threads, line, color="#555555", linewidth=0.9, zorder=2)
            entries.append((handle, f"          perfect scaling\n          of {row}"))
            values = values + line
        value_axis(frame.panels[0], values, units.rate)
        frame.panels[0].set_ylabel("decisions a second")
        return entries

    words = (
        "Throughput against threads",
        "decisions a second of all threads together; higher is better",
        "throughput phase, no clock read per decision",
    )
    frame = over_threads(manifest, group, legends, series, words, units.rate, extra)
    frame.rows = summary_rows(series, "throughput", "_per_second")
    return frame


def p99(manifest: Manifest, group: Group, legends: dict[str, Legend]) -> Frame:
    series = group.summaries(latency(0.99))
    timer = timer_of(group, 0.99)

    def extra(frame: Frame, values: list[float]) -> list[Entry]:
        entry = draw_floor(frame.panels, timer.floor, "p99")
        value_axis(frame.panels[0], [*values, max(timer.floor, 0.5)], units.time)
        frame.panels[0].set_ylabel("p99 of one decision")
        return [entry]

    words = (
        "p99 against threads",
        "one decision in 100 takes longer than this; lower is better",
        _ABOUT_P99,
    )
    frame = over_threads(manifest, group, legends, series, words, timer.reading, extra)
    frame.rows = summary_rows(series, "p99", "_ns")
    return frame


def _several_threads(group: Group) -> Series:
    """One thread is always fair."""
    summaries = group.summaries(lambda measured: measured.fairness)
    several = {row: [p for p in points if p[0] > 1] for row, points in summaries.items()}
    return {row: points for row, points in several.items() if points}


def has_several_threads(group: Group) -> bool:
    return bool(_several_threads(group))


def fairness(manifest: Manifest, group: Group, legends: dict[str, Legend]) -> Frame:
    series = _several_threads(group)

    def extra(frame: Frame, values: list[float]) -> list[Entry]:
        axes = frame.panels[0]
        low = max(0.0, min(_LOWEST_OF_A_FAIR_RUN, min(values) - 0.05))
        axes.set_ylim(low, 1 + 0.04 * (1 - low))
        ticks = [n / 20 for n in range(21) if n / 20 >= low]
        fix_ticks(axes.yaxis, ticks[:: -(len(ticks) // 8 + 1)][::-1], lambda value: f"{value:g}")
        axes.set_ylabel("Jain's index")
        return []

    words = (
        "Fairness across threads",
        "how evenly the threads are served; higher is better, 1 is even",
        _ABOUT_FAIRNESS,
    )
    frame = over_threads(
        manifest, group, legends, series, words, lambda value: f"{value:.3f}", extra
    )
    frame.rows = summary_rows(series, "fairness", "")
    return frame
