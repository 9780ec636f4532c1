"""What several charts draw alike: the timer's floor, rows in the background, the legend's parts."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from matplotlib.lines import Line2D

from limiterbench.common.tidy import Line
from limiterbench.stats.statistics import Summary

# For each row, its (threads, summary) by ascending threads.
Series = Dict[str, List[Tuple[int, Summary]]]

# What is drawn for a row carries this and the row's name as its id, so that a page can hide it.
ROW = "row:"

# A line of the legend: its handle and its text.
Entry = Tuple[Any, str]

_BEHIND = {"color": "#d2d2d2", "linewidth": 0.8}


def draw_floor(axes: Any, floor: float) -> Any:
    """What the timer costs alone: nothing at or under it can be told apart."""
    axes.axhspan(1e-3, floor, color="#efefef", zorder=0, linewidth=0)
    return axes.axhline(floor, color="#555555", linewidth=1.1, linestyle=(0, (2, 1)), zorder=2)


def draw_behind(axes: Any, across: Sequence[float], values: Sequence[float]) -> None:
    """A row of another panel: to be compared with, not to be told apart."""
    axes.plot(across, values, zorder=1.5, **_BEHIND)


def mark(row: str, *artists: Any) -> None:
    for artist in artists:
        artist.set_gid(f"{ROW}{row}")


def mark_bars(row: str, bars: Any) -> Any:
    """An error bar's line, caps and bars. Returns the line, for the legend."""
    line, caps, ranges = bars.lines
    mark(row, *([line] if line else []), *caps, *ranges)
    return line


def summary_rows(series: Series, name: str, unit: str) -> List[Line]:
    """The numbers behind a chart over threads."""
    return [
        {
            "limiter": row,
            "threads": count,
            "repetitions": summary.n,
            f"{name}_median{unit}": summary.median,
            f"{name}_low{unit}": summary.low,
            f"{name}_high{unit}": summary.high,
        }
        for row, points in sorted(series.items())
        for count, summary in points
    ]


def behind() -> Entry:
    return Line2D([], [], **_BEHIND), "          the other panel's"


def heading(text: str) -> Entry:
    return Line2D([], [], linestyle="none"), text
