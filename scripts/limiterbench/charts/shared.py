"""What several charts draw alike: the timer's floor, rows in the background, the legend's parts."""

from __future__ import annotations

from typing import Any, Sequence, Tuple

from matplotlib.lines import Line2D  # type: ignore[import]

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


def behind() -> Entry:
    return Line2D([], [], **_BEHIND), "          the other panel's"


def heading(text: str) -> Entry:
    return Line2D([], [], linestyle="none"), text
