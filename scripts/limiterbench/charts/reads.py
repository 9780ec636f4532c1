"""What it costs to read the configuration, apart from counting: where its sources differ most."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

from limiterbench.charts.axis import ThreadAxis, value_axis
from limiterbench.charts.frame import Frame
from limiterbench.charts.legends import Legend, families_of
from limiterbench.charts.shared import draw_behind, entries_of, mark
from limiterbench.common import units
from limiterbench.records.primitives import Read, about

_ABOUT = (
    "CPU time of one thread to protect the configuration, read a limit and release it, without a "
    "clock read, the median over repetitions. Each source is named after a design that reads from "
    "it. Another thread reloads, and shares a CPU where every CPU has a reader."
)

# By design, its threads and times.
_Lines = dict[str, tuple[list[int], list[float]]]


def _heading(reloads_per_second: int) -> str:
    if reloads_per_second == 0:
        return "no reloads"
    return f"{reloads_per_second:,} reloads a second"


def _lines(reads: Sequence[Read], reloads_per_second: int) -> _Lines:
    lines: _Lines = {}
    for read in reads:
        if read.reloads_per_second == reloads_per_second:
            threads, times = lines.setdefault(read.design, ([], []))
            threads.append(read.threads)
            times.append(read.time_ns)
    return lines


def _draw(
    axes: Any, lines: _Lines, names: Sequence[str], legends: dict[str, Legend]
) -> dict[str, Any]:
    """These designs, the others behind them. Returns the handles of the legend."""
    for name in sorted(set(lines) - set(names)):
        draw_behind(axes, *lines[name])
    handles: dict[str, Any] = {}
    for name in names:
        if name in lines:
            look = legends[name]
            (handles[name],) = axes.plot(
                *lines[name],
                color=look.colour,
                marker=look.marker,
                linestyle=look.linestyle,
                markeredgecolor="white",
                markeredgewidth=0.5,
            )
            mark(name, handles[name])
    return handles


def config_reads(path: Path, reads: Sequence[Read], legends: dict[str, Legend]) -> Frame:
    """`path`: the file that `reads` are from."""
    families = families_of({read.design for read in reads}, legends)
    rates = sorted({read.reloads_per_second for read in reads})
    counts = sorted({read.threads for read in reads})
    frame = Frame(
        "Reading the configuration",
        "one read, nothing counted; lower is better",
        [_ABOUT, f"Measured on {about(path)}"],
        len({read.design for read in reads}) + 2 * len(families),
        [[_heading(rate) for rate in rates] for _ in families],
    )
    panels = iter(frame.panels)
    handles: dict[str, Any] = {}
    for family in families:
        for rate in rates:
            axes = next(panels)
            ThreadAxis(axes, counts, len(rates))
            handles.update(_draw(axes, _lines(reads, rate), family.rows, legends))
    value_axis(frame.panels[0], [read.time_ns for read in reads], units.time)
    for axes, family in zip(frame.panels[:: len(rates)], families):
        axes.set_ylabel(f"one read, {family.name}")
    # From the top of the last panel down.
    last = {read.design: read.time_ns for read in reads}
    order = sorted(last, key=lambda name: (-last[name], name))
    frame.legend(
        f"{units.count(counts[-1], 'thread')}, {_heading(rates[-1])}",
        entries_of(families, handles, order, lambda name: units.time(last[name])),
    )
    frame.rows = [read._asdict() for read in reads]
    return frame
