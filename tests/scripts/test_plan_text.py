"""What a dry run says, in 80 columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import SMALL, CommandLine
from test_run import manifest_of

from limiterbench.common import units
from limiterbench.records.cells import Cell
from limiterbench.records.manifest import Boundary
from limiterbench.run.effort import Effort
from limiterbench.run.plan import Plan, Scenario
from limiterbench.run.plan_text import describe
from limiterbench.run.measuring import RunProgress

COMPLEXES = [Boundary(count, "complex") for count in (8, 16, 24, 32, 40)]


def _plan() -> Plan:
    cells = [
        Cell("hazard", scenario, placement, threads)
        for scenario in ("steady", "open_loop")
        for placement in ("compact", "scatter")
        for threads in (1, 128)
    ]
    cells += [Cell("hazard", "steady", "compact", threads) for threads in (256, 512)]
    return Plan(
        is_this_host=False,
        cpus=128,
        cores=64,
        milestones=[1, 8, 48, 64, 128],
        summary="1 package",
        rows=[],
        boundaries={
            "compact": [*COMPLEXES, Boundary(48, "package"), Boundary(64, "smt")],
            "scatter": [Boundary(2, "package"), Boundary(8, "complex"), Boundary(64, "smt")],
        },
        cells=cells,
        scenarios={
            "steady": Scenario(False, True, 2.5),
            "open_loop": Scenario(True, False, 8.5),
        },
    )


def _said(seconds: float) -> str:
    lines = describe(_plan(), Effort("full", 7, seconds, 0.0, 5.0), None).splitlines()
    assert max(map(len, lines)) <= 80
    return " ".join(" ".join(lines).split())


def test_each_placement_says_where_threads_begin_to_share_less_or_more() -> None:
    said = _said(1.0)
    assert (
        "compact: next complex after 8, 16 … 40 threads; next package after 48; "
        "SMT siblings after 64" in said
    )
    assert (
        "scatter: every complex in use at 8 threads; every package in use at 2; "
        "SMT siblings after 64" in said
    )


def test_threads_beyond_the_cpus_are_labelled() -> None:
    assert "threads 1 128 oversubscribed: 256 512, in steady cells" in _said(1.0)


def test_a_sweep_says_its_share_of_the_time() -> None:
    # 4 cells of 8.5 phases, 7 times.
    assert "and, in open_loop, many rates one by one: 3 min 58 s in all" in _said(1.0)


def test_a_long_plan_says_how_to_make_it_shorter() -> None:
    assert "make it shorter" in _said(30.0)
    assert "make it shorter" not in _said(0.1)


def test_the_full_plan_oversubscribes(cli: CommandLine) -> None:
    said = cli("run", "--full", "--dry-run").stdout
    assert "oversubscribed: 4 8, in steady, reload_storm" in said
    for narrower in (("--full", "--threads", "1,2"), ("--quick",)):
        assert "oversubscribed" not in cli("run", *narrower, "--dry-run").stdout
    assert "oversubscribed: 4 8" in cli("run", "--oversubscribe", "--dry-run").stdout


def test_oversubscribed_cells_are_measured(cli: CommandLine) -> None:
    answer = cli.without_charts()("run", "--full", *SMALL, "--out", "run")
    assert answer.returncode == 0, answer.stderr
    manifest = manifest_of(cli.folder / "run")
    assert manifest["plan"]["oversubscribe"] is True
    assert manifest["plan"]["cells"] == [
        f"{row}/steady/compact/threads:{threads}"
        for threads in (1, 2, 4, 8)
        for row in ("rwmutex", "hazard")
    ]


def test_the_time_includes_what_is_measured_again() -> None:
    plan = replace(_plan(), cells=[Cell("hazard", "steady", "compact", n) for n in range(1, 11)])
    # 70 repetitions of 5 s, and 14 or 3 of them once more.
    for mode, whole, again in (("full", 420.0, 70.0), ("quick", 365.0, 15.0)):
        effort = Effort(mode, 7, 1.0, 0.0, 5.0)
        said = describe(plan, effort, None, repeats=True)
        assert f"about {units.clock(whole)} ({mode})" in said
        assert f"up to {units.clock(again)} of it measures again" in said
        said = describe(plan, effort, None)
        assert f"about {units.clock(350.0)} ({mode})" in said
        assert "again" not in said


def test_the_time_left_counts_what_comes_after_the_last_repetition(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cell = Cell("hazard", "steady", "compact", 1)
    with RunProgress(10, 0, 3.0, 60.0) as progress:
        progress.begin(cell)
    assert capsys.readouterr().err.startswith(f"0/10  {units.clock(90.0)} left")
