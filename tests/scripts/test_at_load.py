"""The page's answer at a load: what will do, and the simplest first."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any, Dict, List

import pytest
from conftest import CommandLine
from synthetic_load import open_loop
from test_load_sweep import GENERATOR, change, make_up, measured

from limiterbench.records.run_folder import CELLS
from limiterbench.report.at_load import DID, VERDICTS, WILL, AtLoad, Field, at_load
from limiterbench.report.stored import read_run

__all__ = ["measured"]


@pytest.fixture
def run(cli: CommandLine, measured: Path) -> Path:
    shutil.copytree(measured, cli.folder / "run")
    change(cli.folder / "run" / CELLS, make_up)
    return cli.folder / "run"


def shown(run: Path) -> AtLoad:
    found = at_load(read_run(run, "run"))
    assert found is not None
    return found


def names(field: Field, rate: str, budget: str) -> "List[List[str]]":
    answer = field.answers[f"{rate}/{budget}"]
    return [[field.lines[at].design for at in places] for places in answer]


def test_what_will_do_is_what_the_capacities_say(run: Path) -> None:
    """hazard and ck_epoch saturate near 30 M, the lock near 4 M with 2 us alone."""
    (field,) = shown(run).fields
    assert names(field, "1000000", "10000") == [["rwmutex", "ck_epoch", "hazard"], [], [], []]
    assert names(field, "10000000", "10000") == [["ck_epoch", "hazard"], [], [], ["rwmutex"]]
    assert names(field, "1000000", "1000") == [["ck_epoch", "hazard"], [], [], ["rwmutex"]]
    assert names(field, "50000000", "1000000") == [[], [], [], ["rwmutex", "ck_epoch", "hazard"]]


def test_the_simplest_kind_comes_first_and_no_floor_is_offered(run: Path) -> None:
    (field,) = shown(run).fields
    assert [line.kind for line in field.lines] == ["exclusive lock", "one counter", "one counter"]
    assert field.lines[0].facts["kind"] == "take turns under one lock"


def test_a_capacity_that_differs_between_repetitions_decides_nothing(run: Path) -> None:
    def slower(record: Dict[str, Any]) -> None:
        if record["limiter"] == "hazard" and record["repetition"] == 0:
            record["open_loop"] = open_loop(5e6, 200, GENERATOR, 1)

    change(run / CELLS, slower)
    (field,) = shown(run).fields
    assert names(field, "10000000", "10000") == [["ck_epoch"], [], ["hazard"], ["rwmutex"]]


def test_a_lower_bound_is_no_reason_to_refuse(run: Path) -> None:
    """Where the generator could not offer more."""

    def bound(record: Dict[str, Any]) -> None:
        if record["limiter"] == "hazard":
            record["open_loop"] = open_loop(1e9, 60, 3e7, 1)

    change(run / CELLS, bound)
    (field,) = shown(run).fields
    assert names(field, "20000000", "10000")[0] == ["ck_epoch", "hazard"]
    assert "hazard" in names(field, "50000000", "10000")[2]
    line = next(line for line in field.lines if line.design == "hazard")
    assert line.facts["capacity"]["10000"] == "at least 20 M"
    assert line.facts["p99"]["50000000"] == "not offered"
    line = next(line for line in field.lines if line.design == "rwmutex")
    assert line.facts["p99"]["50000000"] == "saturated"


def test_rates_of_the_users_own_are_offered(run: Path) -> None:
    def thrice(record: Dict[str, Any]) -> None:
        for point in record["open_loop"]["points"]:
            point["rate_per_second"] *= 3
        for capacity in record["open_loop"]["capacity"]:
            capacity["rate_per_second"] *= 3

    change(run / CELLS, thrice)
    found = shown(run)
    assert ("3000000", "3 M") in found.rates
    assert names(found.fields[0], "3000000", "10000")[0] == ["rwmutex", "ck_epoch", "hazard"]


def test_without_any_rate_there_is_no_section(run: Path) -> None:
    change(run / CELLS, lambda record: record["open_loop"].update(points=[]))
    assert at_load(read_run(run, "run")) is None


def test_few_repetitions_are_said(run: Path) -> None:
    assert shown(run).fields[0].beware == ""
    lines = (run / CELLS).read_text().splitlines(keepends=True)
    few = [line for line in lines if json.loads(line)["repetition"] < 2]
    (run / CELLS).write_text("".join(few))
    (field,) = shown(run).fields
    assert field.beware == "Not a result yet: all designs (2 repetitions)."
    assert names(field, "1000000", "10000") == [[], ["rwmutex", "ck_epoch", "hazard"], [], []]
    assert field.lines[0].verdict == DID and "; 2 repetitions" in field.lines[0].kind


def test_a_cell_in_two_groups_is_not_recommended(run: Path) -> None:
    def split(record: Dict[str, Any]) -> None:
        if record["limiter"] == "hazard" and record["repetition"] < 2:
            record["open_loop"] = open_loop(1e7, 200, GENERATOR, record["repetition"])

    change(run / CELLS, split)
    (field,) = shown(run).fields
    assert names(field, "1000000", "10000") == [["rwmutex", "ck_epoch"], ["hazard"], [], []]
    assert field.beware == "Not a result yet: hazard (two groups of repetitions)."


def test_a_rate_that_two_repetitions_missed_splits_a_cell(run: Path) -> None:
    """10 thousand a second is the lowest rate, so a slower design has no capacity at all."""

    def stall(record: Dict[str, Any]) -> None:
        if record["limiter"] == "hazard" and record["repetition"] < 2:
            for capacity in record["open_loop"]["capacity"]:
                capacity["rate_per_second"] = 0.0

    change(run / CELLS, stall)
    (field,) = shown(run).fields
    assert field.beware == "Not a result yet: hazard (two groups of repetitions)."


def test_the_page_leads_with_it_and_works_without_scripts(cli: CommandLine, run: Path) -> None:
    done = cli("report", "run")
    assert (done.returncode, done.stderr) == (0, "")
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.index('id="answer"') < page.index('id="at-load"') < page.index('id="tables"')
    table = page.partition('id="loads"')[2].partition("</table>")[0]
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", table))
    assert f"{WILL} rwmutex exclusive lock" in words
    assert list(VERDICTS) == list(json.loads(re.findall(r"data-verdicts='([^']+)'", page)[0]))


def test_an_old_run_has_no_such_section(cli: CommandLine, stored_run: Path) -> None:
    assert at_load(read_run(stored_run, "run")) is None
    assert 'id="at-load"' not in (stored_run / "report.html").read_text(encoding="utf-8")
