"""How evenly the threads of a cell are served, over threads."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from limiterbench.charts.axis import NAMES_HEIGHT, ThreadAxis, fix_ticks
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import (
    Entry,
    Series,
    behind,
    draw_behind,
    heading,
    summary_rows,
)
from limiterbench.charts.threads import draw_rows
from limiterbench.common import units
from limiterbench.records.manifest import Manifest
from limiterbench.stats.series import Group

_ABOUT = (
    "Jain's index of the threads' decisions in the throughput phase: 1 if all decide as often, "
    "0.5 if half of them do everything, 1/threads if one does"
)
# Noise must not look like a difference.
_LOWEST_OF_A_FAIR_RUN = 0.8


def _series(group: Group) -> Series:
    """One thread is always fair."""
    summaries = group.summaries(lambda measured: measured.fairness)
    several = {row: [p for p in points if p[0] > 1] for row, points in summaries.items()}
    return {row: points for row, points in several.items() if points}


def has_several_threads(group: Group) -> bool:
    return bool(_series(group))


def _scale(axes: Any, series: Series) -> None:
    lowest = min(summary.low for points in series.values() for _, summary in points)
    low = max(0.0, min(_LOWEST_OF_A_FAIR_RUN, lowest - 0.05))
    axes.set_ylim(low, 1 + 0.04 * (1 - low))
    ticks = [n / 20 for n in range(21) if n / 20 >= low]
    fix_ticks(axes.yaxis, ticks[:: -(len(ticks) // 8 + 1)][::-1], lambda value: f"{value:g}")


def _entries(handles: Dict[str, Any], series: Series) -> List[Entry]:
    ordered = sorted(handles, key=lambda row: (-series[row][-1][1].median, row))
    return [(handles[row], f"{series[row][-1][1].median:>8.3f}  {row}") for row in ordered]


def _legend(frame: Frame, threads: int, entries: Sequence[Entry]) -> None:
    title = f"median at {units.count(threads, 'thread')}"
    frame.legend(title, [handle for handle, _ in entries], [text for _, text in entries])


def fairness(manifest: Manifest, group: Group, legends: Dict[str, Legend]) -> Frame:
    series = _series(group)
    families = families_of(series)
    boundaries = manifest.topology.boundaries.get(group.placement, [])
    counts = [count for count in group.threads if count > 1]
    frame = Frame(
        f"Fairness across threads · {group.title}",
        "how evenly the threads are served; higher is better, 1 is even",
        caption(manifest, group, _ABOUT),
        len(series) + 4 + len(families),
        [[family.name for family in families] if len(families) > 1 else [""]],
        NAMES_HEIGHT if boundaries else 0.0,
    )
    frame.rows = summary_rows(series, "fairness", "")
    entries: List[Entry] = []
    shade: List[Entry] = []
    for panel, family in zip(frame.panels, families):
        axis = ThreadAxis(panel, counts, len(families))
        for row in sorted(set(series) - set(family.rows)):
            draw_behind(panel, [n for n, _ in series[row]], [s.median for _, s in series[row]])
        handles = draw_rows(panel, axis, {row: series[row] for row in family.rows}, legends)
        entries += [heading(family.name)] if len(families) > 1 else []
        entries += _entries(handles, series)
        axis.boundaries(boundaries)
        shade = axis.oversubscription(manifest.topology.cpus)
    _scale(frame.panels[0], series)
    frame.panels[0].set_ylabel("Jain's index")
    entries += [behind()] if len(families) > 1 else []
    _legend(frame, counts[-1], [*entries, *shade])
    return frame
