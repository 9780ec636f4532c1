"""Admission error against speed: what exactness costs, and what its absence is worth."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from limiterbench.charts.axis import fix_ticks, plain_ticks
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame, Layout
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import LINE, entries_of, mark, mark_bars
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.manifest import Manifest
from limiterbench.stats.ratios import at
from limiterbench.stats.series import Group, is_floor, is_rival, ops, together
from limiterbench.stats.statistics import Summary, columns, summarize

_COLUMNS = 3
# The share of the horizontal axis that a label takes.
_NEAREST = 0.15
_ABOUT = (
    "permits admitted beyond the limit, the worst of all repetitions; bars up: the bound that the "
    "design promises for the windows that were tried"
)


class _Spot(NamedTuple):
    speed: Summary
    error: int
    bound: int | None


_Spots = dict[str, _Spot]


def _spots(group: Group, threads: int) -> _Spots:
    return {
        row: _Spot(
            summarize([ops(m) for m in repeated]),
            max(m.admission_error for m in repeated),
            max(
                (m.admission_bound for m in repeated if m.admission_bound is not None), default=None
            ),
        )
        for row, repeated in at(group, threads).items()
        if not is_floor(group.limiters[row])
    }


def _own_contracts(groups: Sequence[Group]) -> str:
    others = sorted(
        {
            row
            for g in groups
            for row, points in g.limiters.items()
            if not is_floor(points) and not is_rival(points)
        }
    )
    if not others:
        return ""
    return f"; {', '.join(others)}: its own contract lets more through in a window"


def _draw(axes: Any, spots: _Spots, legends: dict[str, Legend]) -> dict[str, Any]:
    handles: dict[str, Any] = {}
    for row, spot in sorted(spots.items()):
        legend = legends[row]
        if spot.bound:
            ends = axes.plot(
                [spot.speed.median] * 2,
                [spot.error, spot.bound],
                color=legend.colour,
                linewidth=0.9,
                marker="_",
                markevery=[1],
            )
            mark(row, *ends)
        bars = axes.errorbar(
            [spot.speed.median],
            [spot.error],
            xerr=[[spot.speed.median - spot.speed.low], [spot.speed.high - spot.speed.median]],
            color=legend.colour,
            marker=legend.marker,
            linestyle="none",
            clip_on=False,
            **LINE,
        )
        handles[row] = mark_bars(row, bars)
    return handles


def _scale(axes: Any, spots: _Spots) -> None:
    speeds = [speed for spot in spots.values() for speed in (spot.speed.low, spot.speed.high)]
    low, high = min(speeds) / 1.3, max(speeds) * 1.3
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    fix_ticks(axes.xaxis, plain_ticks(low, high, _NEAREST), units.rate)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel("decisions a second")


def _error_scale(axes: Any, highest: int) -> None:
    """Linear from 0 to 1, which gives 0 a place of its own; logarithmic above."""
    axes.set_yscale("symlog", linthresh=1, linscale=0.5)
    axes.set_ylim(-0.35, max(highest, 8) * 1.6)
    ticks = [0.0, *(t for t in plain_ticks(1, max(highest, 8)) if t == int(t))]
    fix_ticks(axes.yaxis, ticks, lambda value: f"{value:,.0f}")
    axes.set_ylabel("permits over the limit")


def _grid(groups: Sequence[Group]) -> list[list[str]]:
    names = [group.scenario for group in groups]
    return [names[i : i + _COLUMNS] for i in range(0, len(names), _COLUMNS)]


def _rows(groups: Sequence[Group], spots: Sequence[_Spots], threads: int) -> list[Line]:
    return [
        {
            "limiter": row,
            "scenario": group.scenario,
            "threads": threads,
            "repetitions": spot.speed.n,
            **columns("throughput", "_per_second", spot.speed),
            "admission_error_max_permits": spot.error,
            "admission_bound_max_permits": spot.bound,
        }
        for group, found in zip(groups, spots)
        for row, spot in sorted(found.items())
    ]


def admission_error(
    manifest: Manifest, groups: Sequence[Group], threads: int, legends: dict[str, Legend]
) -> Frame:
    spots = [_spots(group, threads) for group in groups]
    groups = [group for group, found in zip(groups, spots) if found]
    spots = [found for found in spots if found]
    rows = {row for found in spots for row in found}
    frame = Frame(
        f"Admission error against speed · {units.count(threads, 'thread')}",
        "right is faster, down is more exact; on the line at 0 not one permit too many",
        caption(manifest, together(groups, threads), _ABOUT + _own_contracts(groups)),
        len(rows) + 2,
        _grid(groups),
        layout=Layout(height=2.9),
    )
    frame.rows = _rows(groups, spots, threads)
    handles: dict[str, Any] = {}
    for axes, found in zip(frame.panels, spots):
        handles.update(_draw(axes, found, legends))
        _scale(axes, found)
        axes.axhline(0, color="#555555", linewidth=0.9, zorder=1)
    _error_scale(
        frame.panels[0],
        max(max(spot.error, spot.bound or 0) for found in spots for spot in found.values()),
    )
    worst = {row: max(found[row].error for found in spots if row in found) for row in handles}
    order = sorted(handles, key=lambda row: (-worst[row], row))
    families = families_of(handles, legends)
    entries = entries_of(families, handles, order, lambda row: f"{worst[row]:,}", shared=True)
    frame.legend("most over the limit", entries)
    return frame
