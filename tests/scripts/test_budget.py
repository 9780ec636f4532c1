"""What is measured in a given time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import CommandLine

from limiterbench.common.errors import InputError
from limiterbench.records.cells import Cell
from limiterbench.run import budget
from limiterbench.run.effort import Effort
from limiterbench.run.plan import Plan, Scenario
from limiterbench.run.request import Request
from limiterbench.run.schedule import allowance

SCENARIOS = {
    "readonly": Scenario(False, False, 2.6),
    "steady": Scenario(False, True, 2.6),
    "edge": Scenario(False, False, 2.6),
    "open_loop": Scenario(True, False, 12.6),
}


def big_plan(designs: int = 20) -> Plan:
    """64 cores with SMT."""
    cells = [
        Cell(f"row{row}", scenario, placement, threads)
        for scenario in SCENARIOS
        for placement in ("compact", "scatter")
        if placement == "compact" or scenario == "steady"
        for threads in ((1, 8, 64, 128) if scenario == "open_loop" else (1, 2, 4, 8, 32, 64, 128))
        for row in range(designs)
    ]
    return Plan(True, 128, 64, [1, 8, 64, 128], "a host", [], {}, cells, SCENARIOS)


def planned(made: Effort, plan: Plan) -> float:
    again = sum(allowance(plan.cells, made.repetitions, made.mode).values())
    return made.duration(len(plan.cells) * made.repetitions + again)


@pytest.mark.parametrize("minutes", [10, 30, 60, 120, 480])
def test_the_plan_fills_the_time_and_keeps_to_it(minutes: int) -> None:
    plan, effort = budget.fit(big_plan(), Request(budget="x"), 60 * minutes, 0.1)
    assert 0.9 * 60 * minutes <= planned(effort, plan) <= 60 * minutes
    assert effort.repetitions >= 5
    assert plan.left_out == len(big_plan().cells) - len(plan.cells)


def test_the_open_loop_and_the_principal_scenario_come_first() -> None:
    plan, effort = budget.fit(big_plan(), Request(), 600, 0.1)
    assert effort.repetitions >= 5
    assert {(c.scenario, c.threads) for c in plan.cells} >= {("open_loop", 64), ("steady", 64)}
    # All designs of a group, or none.
    groups = {cell[1:] for cell in plan.cells}
    assert len(plan.cells) == 20 * len(groups)
    assert {cell.placement for cell in plan.cells} == {"compact"}


def test_a_long_budget_measures_everything_more_often() -> None:
    plan, effort = budget.fit(big_plan(1), Request(), 3600, 0.1)
    assert plan == big_plan(1)
    assert (effort.repetitions, effort.seconds) == (15, 1.0)


def test_what_the_user_says_holds() -> None:
    request = Request(repetitions=2, seconds=0.5)
    plan, effort = budget.fit(big_plan(), request, 1800, 0.1)
    assert (effort.repetitions, effort.seconds) == (2, 0.5)
    assert planned(effort, plan) <= 1800


@pytest.mark.parametrize("seconds", [60, 90, 120, 200])
def test_a_short_budget_keeps_the_open_loop(seconds: int) -> None:
    plan, effort = budget.fit(big_plan(), Request(), seconds, 0.1)
    assert {cell.scenario for cell in plan.cells} == {"open_loop"}
    assert planned(effort, plan) <= seconds


def test_a_short_budget_measures_once_and_as_many_designs_as_it_can() -> None:
    plan, effort = budget.fit(big_plan(), Request(), 30, 0.1)
    assert (effort.repetitions, {c.scenario for c in plan.cells}) == (1, {"open_loop"})
    assert 0 < len(plan.cells) < 20
    assert planned(effort, plan) <= 30


def test_one_cell_must_fit() -> None:
    with pytest.raises(InputError, match="too short; row0/open_loop/compact/threads:64 alone ta"):
        budget.fit(replace(big_plan()), Request(budget="1s"), 1, 0.1)


@pytest.mark.parametrize("text, seconds", [("90s", 90), ("30m", 1800), ("1.5h", 5400)])
def test_times_have_a_unit(text: str, seconds: float) -> None:
    assert budget.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "-1h", "0m", "1d", "1h30m", "nan", "1e3s"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a time such as 30m, 1h or 8h"):
        budget.parse(text)


def test_a_run_keeps_to_its_budget_and_says_so(cli: CommandLine) -> None:
    done = cli("run", "--budget", "30s", "--impl", "hazard", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "(budget)" in done.stdout
    refused = cli("run", "--budget", "tomorrow")
    assert refused.returncode == 2
    assert "--budget tomorrow: not a time such as 30m, 1h or 8h" in refused.stderr
    both = cli("run", "--budget", "1h", "--full")
    assert both.returncode == 2
