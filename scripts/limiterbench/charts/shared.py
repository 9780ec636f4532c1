"""What several charts draw alike: lines with bars, the timer's floor, the legend's parts."""

from __future__ import annotations

import math
from typing import Any, Callable, Iterable, Sequence

from matplotlib.lines import Line2D

from limiterbench.charts.frame import Entry
from limiterbench.charts.legends import Family, Legend
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.stats.statistics import Summary, columns

# For each design, its (threads, summary) by ascending threads.
Series = dict[str, list[tuple[int, Summary]]]

# What is drawn for a design carries this and its name as its id, by which a page hides it.
ROW = "row:"

_BEHIND = {"color": "#d2d2d2", "linewidth": 0.8}


def draw_floor(panels: Sequence[Any], floor: float, name: str) -> Entry:
    """What the timer costs alone: it cannot resolve anything at or below this line."""
    for axes in panels:
        axes.axhspan(1e-3, floor, color="#efefef", zorder=0, linewidth=0)
        line = axes.axhline(floor, color="#555555", linewidth=1.1, linestyle=(0, (2, 1)), zorder=2)
    return line, f"{units.time(floor):>8}  timer's {name}"


def draw_behind(axes: Any, across: Sequence[float], values: Sequence[float]) -> None:
    """A design of another panel, for comparison."""
    axes.plot(across, values, zorder=1.5, **_BEHIND)


def mark(row: str, *artists: Any) -> None:
    for artist in artists:
        artist.set_gid(f"{ROW}{row}")


def mark_bars(row: str, bars: Any) -> Any:
    """An error bar's line, caps and bars. Returns the line, for the legend."""
    line, caps, ranges = bars.lines
    mark(row, *([line] if line else []), *caps, *ranges)
    return line


# The marks of a median with its bar.
LINE: dict[str, Any] = {
    "markeredgecolor": "white",
    "markeredgewidth": 0.5,
    "elinewidth": 0.9,
    "capsize": 2.5,
    "zorder": 3,
}


def draw_line(
    axes: Any,
    row: str,
    legend: Legend,
    across: Sequence[float],
    summaries: Sequence[Summary],
    least: float = -math.inf,
) -> Any:
    """Medians with bars from the lowest to the highest; what is below `least` is drawn there.
    Returns the line, for the legend."""
    medians = [max(least, s.median) for s in summaries]
    bars = axes.errorbar(
        across,
        medians,
        yerr=[
            [m - max(least, s.low) for m, s in zip(medians, summaries)],
            [max(least, s.high) - m for m, s in zip(medians, summaries)],
        ],
        color=legend.colour,
        marker=legend.marker,
        linestyle=legend.linestyle,
        **LINE,
    )
    return mark_bars(row, bars)


def ends_of(summaries: Iterable[Summary]) -> list[float]:
    """All that a scale must reach."""
    return [value for summary in summaries for value in (summary.low, summary.high)]


def summary_rows(series: Series, name: str, unit: str) -> list[Line]:
    """The numbers behind a chart over threads."""
    return [
        {"limiter": row, "threads": count, "repetitions": summary.n, **columns(name, unit, summary)}
        for row, points in sorted(series.items())
        for count, summary in points
    ]


def heads_of(families: Sequence[Family], columns: Sequence[str] = ("",)) -> list[list[str]]:
    """Over a grid of panels: a family a row, unless there is one family only."""
    named = len(families) > 1
    return [
        [
            ", ".join(part for part in (column, family.name if named else "") if part)
            for column in columns
        ]
        for family in families
    ]


def entries_of(
    families: Sequence[Family],
    handles: dict[str, Any],
    order: Sequence[str],
    label: Callable[[str], str],
    shared: bool = False,
) -> list[Entry]:
    """The legend's lines: each family's designs in this order. `label` is what stands before a
    design's name. `shared`: the families have no panels of their own."""
    named = len(families) > 1
    entries: list[Entry] = []
    for family in families:
        if named or shared:
            entries.append((Line2D([], [], linestyle="none"), family.name))
        shown = [row for row in order if row in family.rows and row in handles]
        entries += [(handles[row], f"{label(row):>8}  {row}") for row in shown]
    if named and not shared:
        entries.append((Line2D([], [], **_BEHIND), "          the other panel's"))
    return entries
