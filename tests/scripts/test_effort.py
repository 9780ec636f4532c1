from __future__ import annotations

from dataclasses import replace
from typing import Callable, List

import pytest

from limiterbench.records.cells import Cell
from limiterbench.records.manifest import Boundary
from limiterbench.run import effort
from limiterbench.run.plan import Plan, Scenario, thin, without_unasked
from limiterbench.run.request import Request


@pytest.mark.parametrize("cells", [1, 60, 100, 240])
def test_quick_measures_for_at_most_231_seconds(cells: int) -> None:
    chosen = effort.choose(Request(), cells, 0.05, 2.5)
    assert chosen.repetitions >= 2
    assert chosen.duration(cells * chosen.repetitions) <= 231


def test_quick_repeats_more_where_there_is_time() -> None:
    assert effort.choose(Request(), 60, 0.05, 2.5).repetitions == 3
    assert effort.choose(Request(), 240, 0.05, 2.5).repetitions == 2


def test_phases_stay_long_enough_however_many_cells() -> None:
    assert effort.choose(Request(), 10_000, 0.05, 2.5).seconds == effort.QUICK_SHORTEST_PHASE


def test_what_the_user_says_holds() -> None:
    for full in (False, True):
        chosen = effort.choose(Request(full=full, repetitions=5, seconds=0.25), 60, 0.05, 2.5)
        assert (chosen.repetitions, chosen.seconds) == (5, 0.25)


def test_full_repeats_seven_times() -> None:
    chosen = effort.choose(Request(full=True), 60, 0.0, 2.5)
    assert (chosen.repetitions, chosen.seconds) == (7, 0.8)
    assert chosen.duration(1) == pytest.approx(2.0)


SCENARIOS = {
    "steady": Scenario(False, True, 2.5),
    "edge": Scenario(False, False, 2.5),
    "open_loop": Scenario(True, False, 8.5),
    "keyed": Scenario(False, False, 2.5, on_request=True),
}


def at_most(cells: int) -> Callable[[List[float]], bool]:
    return lambda phases: len(phases) <= cells


def _big_plan() -> Plan:
    counts = (1, 2, 4, 8, 16, 32, 64, 128)
    cells = [
        Cell(f"row{row}", "steady", placement, threads)
        for placement in ("compact", "scatter")
        for threads in counts
        for row in range(20)
    ]
    boundaries = {"compact": [Boundary(8, "complex"), Boundary(64, "smt")]}
    milestones = [1, 8, 32, 64, 128]
    return Plan(True, 128, 64, milestones, "a host", [], boundaries, cells, SCENARIOS)


def test_a_quick_plan_for_a_big_host_has_fewer_cells_not_shorter_ones() -> None:
    thinned = thin(_big_plan(), Request(), at_most(100))
    assert {cell.placement for cell in thinned.cells} == {"compact"}
    assert {cell.threads for cell in thinned.cells} == {1, 8, 32, 64, 128}
    assert thinned.left_out == 320 - len(thinned.cells)


def test_beyond_the_principal_scenario_one_thread_all_cores_and_all_cpus_come_first() -> None:
    plan = _big_plan()
    edge = [cell._replace(scenario="edge") for cell in plan.cells]
    thinned = thin(replace(plan, cells=plan.cells + edge), Request(), at_most(180)).cells
    assert {c.threads for c in thinned if c.scenario == "steady"} == {1, 8, 32, 64, 128}
    assert {c.threads for c in thinned if c.scenario == "edge"} == {1, 64, 128}
    fewest = thin(replace(plan, cells=plan.cells + edge), Request(), at_most(120)).cells
    assert {c.threads for c in fewest if c.scenario == "steady"} == {1, 8, 32, 64, 128}
    assert {c.threads for c in fewest if c.scenario == "edge"} == {128}
    asked = thin(replace(plan, cells=edge), Request(scenario=("edge",)), at_most(1)).cells
    assert {cell.threads for cell in asked} == {1, 8, 32, 64, 128}


def test_oversubscribed_cells_are_not_thinned() -> None:
    plan = replace(_big_plan(), cpus=16, cores=16, milestones=[1, 8, 16])
    assert {c.threads for c in thin(plan, Request(), at_most(100)).cells} == {1, 8, 16, 32, 64, 128}


def test_what_was_asked_for_is_not_thinned() -> None:
    asked = Request(placement=("scatter",), threads="1,2")
    assert thin(_big_plan(), asked, at_most(1)).cells == _big_plan().cells


def test_a_plan_that_is_affordable_is_left_whole() -> None:
    assert thin(_big_plan(), Request(), at_most(320)) == _big_plan()


def _with_sweeps() -> Plan:
    plan = _big_plan()
    few = [cell for cell in plan.cells if cell.limiter == "row0"][:7]
    return replace(plan, cells=few + [cell._replace(scenario="open_loop") for cell in few])


def test_a_quick_plan_has_an_open_loop_where_most_threads_have_a_cpu_each() -> None:
    plan = thin(replace(_with_sweeps(), cpus=32), Request(), at_most(20))
    assert [c.threads for c in plan.cells if c.scenario == "open_loop"] == [32, 64]
    assert len([c for c in plan.cells if c.scenario == "steady"]) == 7
    assert plan.left_out == 5
    assert thin(_with_sweeps(), Request(threads="1,2"), at_most(20)) == _with_sweeps()


def test_a_quick_plan_has_time_for_what_it_keeps() -> None:
    assert effort.is_affordable(0.05, [2.5] * 300)
    assert not effort.is_affordable(0.5, [2.5] * 300)
    assert not effort.is_affordable(0.05, [12.6] * 100)


def test_what_is_measured_on_request_is_left_out_of_a_quick_plan_unless_asked_for() -> None:
    keyed = [cell._replace(scenario="keyed") for cell in _big_plan().cells[:7]]
    whole = replace(_big_plan(), cells=_big_plan().cells[:7] + keyed)
    plan = without_unasked(whole, Request())
    assert {cell.scenario for cell in plan.cells} == {"steady"}
    assert plan.left_out == 7
    assert without_unasked(whole, Request(scenario=("keyed",))) == whole


def test_a_sweep_takes_its_time() -> None:
    plan = _with_sweeps()
    assert plan.phases(plan.cells) == [2.5] * 7 + [8.5] * 7
    chosen = effort.choose(Request(full=True, seconds=2.0), 14, 0.0, 5.5)
    assert chosen.duration(14) == pytest.approx(7 * 2.5 * 2 + 7 * 8.5 * 2)
    assert effort.time_limit(1.0, 8.5) > 3 * 8.5
