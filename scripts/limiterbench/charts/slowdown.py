"""Design by scenario: how many times slower than the best there."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Any, Sequence

from matplotlib import colormaps
from matplotlib.patches import Rectangle

from limiterbench.charts.axis import fix_ticks
from limiterbench.charts.caption import caption
from limiterbench.charts.frame import Frame, Layout
from limiterbench.charts.shared import mark
from limiterbench.common import units
from limiterbench.common.tidy import Line
from limiterbench.records.manifest import Manifest
from limiterbench.stats.ratios import p99_to_best, slowdown
from limiterbench.stats.series import Group, is_rival, timed, together
from limiterbench.stats.statistics import Summary, ratio_columns

# The colours differ in lightness alone, which also works in grey. The numbers say the rest.
_COLOURS = colormaps["YlGnBu"]
_DARKEST_AT = 100.0
_ABOUT = (
    "how many times more the fastest design decides, and how many times longer the p99 is than the "
    "lowest; the best is one that limits by windows, so a design that does not limit, or keeps "
    "another contract, may be below 1"
)

# By scenario, then design.
_Table = dict[str, dict[str, Summary]]


def _ordered(tables: Sequence[_Table]) -> list[str]:
    """Best over all scenarios first; what one scenario lacks counts by the others."""
    logs: dict[str, list[float]] = {}
    for by_row in tables[0].values():
        for row, estimate in by_row.items():
            logs.setdefault(row, []).append(math.log(estimate.median))
    return sorted(logs, key=lambda row: (fmean(logs[row]), row))


def _label(value: float) -> str:
    if value < 9.95:
        return f"{value:.1f}"
    return f"{value:.0f}" if value < 1000 else units.rate(value, 2).replace(" ", "")


def _cell(axes: Any, across: int, down: int, row: str, estimate: Summary) -> None:
    share = min(1.0, max(0.0, math.log(estimate.median) / math.log(_DARKEST_AT)))
    fill = _COLOURS(0.04 + 0.86 * share)
    box = Rectangle((across, down), 1, 1, facecolor=fill, edgecolor="white", linewidth=1.0)
    axes.add_patch(box)
    text = axes.text(
        across + 0.5,
        down + 0.52,
        _label(estimate.median),
        ha="center",
        va="center",
        fontsize=7.8,
        color="white" if share > 0.55 else "black",
        weight="bold" if estimate.median < 1.05 else "normal",
    )
    mark(row, box, text)


def _draw(axes: Any, table: _Table, rows: Sequence[str]) -> None:
    for across, by_row in enumerate(table.values()):
        for down, row in enumerate(rows):
            if row in by_row:
                _cell(axes, across, down, row, by_row[row])
            else:
                axes.text(across + 0.5, down + 0.52, "–", ha="center", va="center", fontsize=8)
    axes.set_xlim(0, len(table))
    axes.set_ylim(len(rows), 0)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    names = list(table)
    fix_ticks(axes.xaxis, [n + 0.5 for n in range(len(names))], lambda x: names[int(x)])
    axes.tick_params(axis="x", labelsize=8, rotation=18)
    fix_ticks(axes.yaxis, [n + 0.5 for n in range(len(rows))], lambda y: rows[int(y)])
    axes.tick_params(axis="y", labelsize=8.5)


def _rows(tables: dict[str, _Table], threads: int) -> list[Line]:
    lines: list[Line] = []
    throughput = next(iter(tables.values()))
    for scenario, by_row in throughput.items():
        for row in sorted(by_row):
            line: Line = {"limiter": row, "scenario": scenario, "threads": threads}
            for name, table in tables.items():
                line["repetitions"] = throughput[scenario][row].n
                line.update(ratio_columns(name, table[scenario].get(row)))
            lines.append(line)
    return lines


def has_rivals(groups: Sequence[Group]) -> bool:
    """With one design there is nothing to be slower than."""
    limiting = {row for g in groups for row, points in g.limiters.items() if is_rival(points)}
    return len(limiting) > 1


def slowdown_matrix(manifest: Manifest, groups: Sequence[Group], threads: int) -> Frame:
    tables: dict[str, _Table] = {
        "slowdown_to_best_ratio": {g.scenario: slowdown(g, threads) for g in groups},
        "p99_to_best_ratio": {g.scenario: p99_to_best(timed(g), threads) for g in groups},
    }
    tables = {name: table for name, table in tables.items() if any(table.values())}
    rows = _ordered(list(tables.values()))
    frame = Frame(
        f"Times slower than the best · {units.count(threads, 'thread')}",
        "1.0 is the best of its column; darker is worse; designs in order of throughput over all "
        "columns",
        caption(manifest, together(groups, threads), _ABOUT, has_bars=False),
        0,
        [["decisions a second", "p99 of one decision"][: len(tables)]],
        layout=Layout(left=0.165, right=0.985, gap=0.03, height=max(1.2, 0.225 * len(rows))),
    )
    frame.rows = _rows(tables, threads)
    for axes, table in zip(frame.panels, tables.values()):
        _draw(axes, table, rows)
    return frame
