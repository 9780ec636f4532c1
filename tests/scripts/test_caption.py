"""What a chart says of itself under it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import List

import pytest

from limiterbench.charts.caption import caption
from limiterbench.records.records import Measured, read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.series import Group, group_records


@pytest.fixture
def group(finished_run: Path) -> Group:
    return group_records(read_records(finished_run / CELLS))[0]


def said(run: Path, group: Group) -> str:
    return "\n".join(caption(open_run(run), group, "what"))


def changed(group: Group, threads: int, **fields: bool) -> Group:
    def change(repeated: List[Measured]) -> List[Measured]:
        return [replace(measured, **fields) for measured in repeated]

    return group._replace(
        limiters={
            row: {n: change(m) if n == threads else m for n, m in points.items()}
            for row, points in group.limiters.items()
        }
    )


def test_where_the_writer_ran(finished_run: Path, group: Group) -> None:
    own, shared = "on a core of its own", "on a measured thread's CPU"
    text = said(finished_run, group)
    assert f"The writer ran {own} at 1 thread, {shared} at 2 threads." in text
    core = changed(group, 2, writer_shares_cpu=False)
    assert "on a measured thread's core at 2 threads" in said(finished_run, core)
    alone = changed(core, 2, writer_shares_core=False)
    assert f"The writer ran {own}.\n" in said(finished_run, alone)


def test_what_the_clock_can_tell(finished_run: Path, group: Group) -> None:
    text = said(finished_run, group)
    assert "Clock: tsc, in steps of 9 ns;" in text
    assert (
        "an empty decision reads 20 ns (p50), 20 ns (p99); ≤: faster than the timer can resolve."
        in text
    )


def test_repetitions_in_two_groups_are_named(finished_run: Path, group: Group) -> None:
    assert "two groups" not in said(finished_run, group)

    def some(repeated: List[Measured]) -> List[Measured]:
        rates = (10e6, 30e6, 10.1e6, 31e6, 30.5e6)
        states = ((40, 41), (190, 185), (42, 190), (188, 187), (183, 186))
        return [
            replace(repeated[0], operations_per_second=rate, transfers_ns=state, cpus=(0, 1))
            for rate, state in zip(rates, states)
        ]

    row = next(iter(group.limiters))
    points = {n: some(m) if n == 2 else m for n, m in group.limiters[row].items()}
    text = said(finished_run, group._replace(limiters={**group.limiters, row: points}))
    assert f"throughput falls into two groups of repetitions: {row} at 2." in text
    assert "between CPUs 0 and 1 took 41 ns at some times and 187 ns at others" in text

    def elsewhere(repeated: List[Measured]) -> List[Measured]:
        """Other CPUs, which are farther apart."""
        return [
            replace(measured, cpus=(0, 1 + i % 2), transfers_ns=((40, 41), (190, 191))[i % 2])
            for i, measured in enumerate(3 * repeated)
        ]

    points = {n: elsewhere(m) for n, m in group.limiters[row].items()}
    text = said(finished_run, group._replace(limiters={row: points}))
    assert "moving a line" not in text
