"""`compare` in the terminal: the summary first, then what has changed. Fits 80 columns."""

from __future__ import annotations

import math
from itertools import groupby
from statistics import median
from typing import Callable, Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from limiterbench.common import units
from limiterbench.records.cells import Cell
from limiterbench.records.records import Measured
from limiterbench.stats.comparison import P99, Comparison
from limiterbench.stats.series import latency, ops
from limiterbench.stats.verdicts import FASTER, SLOWER, VERDICTS, Verdict

_WIDTH = 80
_STYLES = {FASTER: "green", SLOWER: "red"}


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """rich would exit with 1, which means "slower" here."""
        raise BrokenPipeError


Value = Callable[[Measured], float]
Label = Callable[[float], str]


def print_text(
    comparison: Comparison, everything: bool, limit: float | None, failing: Sequence[Cell]
) -> None:
    console = _Console(width=_WIDTH, highlight=False)
    for line in summary(comparison):
        console.print(Text(line))
    metrics = (
        ("throughput", comparison.throughput, ops, units.rate),
        ("p99", comparison.p99, latency(P99), units.time),
    )
    for name, verdicts, value, label in metrics:
        shown = [v for v in verdicts if everything or v.verdict in _STYLES]
        for (scenario, placement), group in groupby(shown, lambda verdict: verdict.cell[1:3]):
            console.print(Text(f"\n{name}: {scenario}, {placement}"))
            console.print(_table(comparison, group, value, label))
    if limit is not None:
        more = f"slower by more than {limit:g} %"
        console.print(Text(f"\n{units.count(len(failing), 'cell')} {more}"))


def summary(comparison: Comparison) -> list[str]:
    lines = [f"{units.count(len(comparison.cells), 'common cell')}:"]
    for name, verdicts in (("throughput", comparison.throughput), ("p99", comparison.p99)):
        counts = [f"{sum(v.verdict == k for v in verdicts)} {k.lower()}" for k in VERDICTS]
        lines.append(f"  {name:<10} {', '.join(counts)}")
    lines += _fewest(comparison)
    lines += _shift(comparison)
    lines += [f"beware: {key}: {one} -> {two}" for key, one, two in comparison.differences]
    for name, run in (("BASE", comparison.base), ("NEW", comparison.new)):
        alone = len(run.cells.keys() - set(comparison.cells))
        if alone:
            lines.append(f"not compared: {units.count(alone, 'cell')} only in {name}")
    return lines


def _fewest(comparison: Comparison) -> list[str]:
    runs = (comparison.base, comparison.new)
    fewest = [min(len(run.cells[cell]) for cell in comparison.cells) for run in runs]
    margin = f"{100 * comparison.margin:g} %"
    return [
        f"medians of at least {fewest[0]} and {fewest[1]} repetitions; "
        f"a change within {margin} counts as none"
    ]


def _shift(comparison: Comparison) -> list[str]:
    shift = comparison.shift
    if not shift.source:
        return ["nothing separates a change of the host from one of the designs: compare with care"]
    if shift.variance == 0:
        return []
    who = "designs without a limit" if shift.source == "control" else "the middle design"
    return [
        f"the runs differ as a whole, {who} by {_percent(shift.ratio)}: "
        "smaller changes are not called"
    ]


def _percent(ratio: float) -> str:
    change = 100 * (ratio - 1)
    return f"{change:+.0f} %" if abs(change) >= 10 else f"{change:+.1f} %"


def _interval(verdict: Verdict) -> str:
    if not math.isfinite(verdict.high):
        # With a run at the timer's floor, only one end is known.
        return f"at least {_percent(verdict.low)}" if verdict.low > 0 else verdict.reason
    ends = " to ".join(_percent(end) for end in (verdict.low, verdict.high))
    return f"{_percent(verdict.estimate)} ({ends})"


def _table(
    comparison: Comparison, verdicts: Iterable[Verdict], value: Value, label: Label
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("design", overflow="ellipsis", no_wrap=True, max_width=18)
    for heading in ("thr", "base", "new", "change"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("pooled, 95 %", overflow="ellipsis", no_wrap=True)
    for verdict in verdicts:
        cell = verdict.cell
        medians = [median(map(value, r.cells[cell])) for r in (comparison.base, comparison.new)]
        table.add_row(
            Text(cell.limiter),
            str(cell.threads),
            *map(label, medians),
            _percent(verdict.ratio),
            Text(verdict.verdict, style=_STYLES.get(verdict.verdict, "")),
            Text(_interval(verdict)),
        )
    return table
