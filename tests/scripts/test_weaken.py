from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import List, Optional

import pytest

from conftest import ROOT, CommandLine
from limiterbench.common.errors import HostError, InputError
from limiterbench.maintain import weaken
from limiterbench.maintain.model_runs import Program, programs_for
from limiterbench.maintain.orders import Header, orders_of, read_header, read_headers
from limiterbench.maintain.weakenings import (
    NOT_MODELLED,
    Change,
    change,
    ladders_of,
    reasons_of,
    stray_reasons,
    structural_of,
    structural_steps,
    weaker,
)

HEADERS = [h for h in read_headers(ROOT / "impls") if not h.name.startswith(NOT_MODELLED)]


def header(folder: Path, code: str, name: str = "some.hpp") -> Header:
    path = folder / name
    path.write_text(code)
    return read_header(folder, path)


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("a.load(sync::seq_cst);", [["acquire"]]),
        ("a.load(sync::acquire);", [["relaxed"]]),
        ("a.load(sync::relaxed);", [[]]),
        ("a.store(1, sync::seq_cst);", [["release"]]),
        ("a.store(1, sync::release);", [["relaxed"]]),
        ("a.exchange(1, sync::seq_cst);", [["acq_rel"]]),
        ("a.fetch_add(1, sync::acq_rel);", [["acquire", "release"]]),
        ("a.compare_exchange_weak(x, y, sync::release, sync::acquire);", [["relaxed"]] * 2),
        (
            "a.compare_exchange_weak(x, y, sync::seq_cst, sync::seq_cst);",
            [["acq_rel"], ["acquire"]],
        ),
        ("sync::fence(sync::seq_cst);", [["acq_rel"]]),
        ("sync::fence(sync::release);", [["removed"]]),
        ("heavy_fence();", [["removed"]]),
        ("w.peek_last<sync::seq_cst>(rule);", [["acquire"]]),
    ],
)
def test_one_step_down(tmp_path: Path, code: str, steps: List[List[str]]) -> None:
    assert [list(weaker(o, o.order)) for o in orders_of(header(tmp_path, code))] == steps


@pytest.mark.parametrize(
    "code", ["a.load(sync::release);", "a.store(1, sync::acquire);", "lock(sync::acquire);"]
)
def test_an_order_that_its_operation_cannot_have(tmp_path: Path, code: str) -> None:
    (order,) = orders_of(header(tmp_path, code))
    with pytest.raises(InputError, match="some.hpp:1"):
        weaker(order, order.order)


def test_below_a_step_that_is_caught_there_is_nothing_to_try(tmp_path: Path) -> None:
    (ladder,) = ladders_of(header(tmp_path, "a.exchange(1, sync::seq_cst);"))
    tried: List[str] = []
    step: Optional[Change] = ladder.next()
    while step is not None:
        tried.append(step.to)
        if step.to != "release":
            ladder.not_caught(step.to)
        step = ladder.next()
    assert tried == ["acq_rel", "acquire", "release", "relaxed"]


@pytest.mark.parametrize(
    ("code", "to", "weakened"),
    [
        ("x(a.load(sync::acquire), 1);", "relaxed", "x(a.load(sync::relaxed), 1);"),
        ("sync::fence(sync::release);", "removed", "void();"),
        ("sync::fence(sync::seq_cst);", "acq_rel", "sync::fence(sync::acq_rel);"),
        ("if (x) sync::process_fence();", "removed", "if (x) void();"),
    ],
)
def test_the_weakened_text(tmp_path: Path, code: str, to: str, weakened: str) -> None:
    (order,) = orders_of(header(tmp_path, code))
    assert change(order, to).applied() == weakened


def test_a_reason_is_for_the_orders_that_it_names() -> None:
    comment = (
        "(1) acq_rel: so. Not shown as acquire or release: it is late. Not shown without it: why"
    )
    assert reasons_of(comment) == {
        "acquire": "it is late.",
        "release": "it is late.",
        "removed": "why",
    }
    assert reasons_of("(1) acquire: not shown.") == {}
    assert reasons_of("Not shown at all: why.") == {"any": "why."}


def test_a_reason_above_no_order_is_named(tmp_path: Path) -> None:
    reason = "// Not shown as relaxed: so.\n"
    assert not list(stray_reasons(header(tmp_path, f"{reason}a.load(sync::acquire);\n")))
    assert list(stray_reasons(header(tmp_path, f"{reason}\na.load(sync::acquire);\n"))) == [
        "some.hpp:1: a reason above no order"
    ]


def test_every_order_of_the_headers_has_its_steps() -> None:
    for each in HEADERS:
        orders = [order for order in orders_of(each) if order.order != "relaxed"]
        assert len(list(ladders_of(each))) == len(orders), each.name
        assert not list(stray_reasons(each))
    assert sum(1 for each in HEADERS for _ in ladders_of(each)) > 60


def test_every_header_with_something_to_weaken_has_model_tests() -> None:
    for each in HEADERS:
        if any(ladders_of(each)):
            for program in programs_for(each.name):
                assert (ROOT / "tests" / "model" / f"{program.name}_test.cpp").exists()
    with pytest.raises(HostError, match="no model test"):
        programs_for("new/header.hpp")


def test_every_structural_weakening_still_finds_its_code() -> None:
    assert sum(1 for each in HEADERS for _ in structural_of(each)) == len([*structural_steps()])


class OnlyCatches:
    """Stands in for the model tests: a fault where the weakened header has this text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._header = ""

    def replace(self, name: str, text: str) -> None:
        self._header = text

    def fault(self, program: Program) -> Optional[str]:
        return "a fault" if self._text in self._header else None


def test_verdicts(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "new.hpp").write_text(
        "a.store(1, sync::release);\n"
        "b.store(1, sync::release);\n"
        "// Not shown as relaxed: why.\n"
        "c.store(1, sync::release);\n"
        "// Not shown as relaxed: no longer so.\n"
        "a.store(2, sync::release);\n"
    )
    (each,) = read_headers(tmp_path)
    results = list(weaken.results_of(OnlyCatches("a.store(1, sync::relaxed)"), each))
    assert [result.verdict for result in results] == ["caught", "survived", "reasoned", "reasoned"]
    results = list(weaken.results_of(OnlyCatches("a.store(2, sync::relaxed)"), each))
    assert [result.verdict for result in results][3] == "caught, but a reason says not shown"
    assert [result.is_good for result in results] == [False, False, True, False]


def test_the_stored_table_is_of_these_headers() -> None:
    table = (ROOT / "results" / "verification" / "weakenings.md").read_text().replace("\\<", "<")
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    stored = Counter((place.strip("`").partition(":")[0], what, to) for place, what, to, *_ in rows)
    ladders = [ladder for each in HEADERS for ladder in ladders_of(each)]
    steps = [
        change(ladder.order, to)
        for ladder in ladders
        for to in weaker(ladder.order, ladder.order.order)
    ]
    steps += [step for each in HEADERS for step in structural_of(each)]
    assert not Counter((step.header.name, step.what, step.to) for step in steps) - stored
    assert {verdict for _, _, _, verdict, *_ in rows} <= {"caught", "reasoned"}


def test_command_line(cli: CommandLine) -> None:
    cli.env["LIMITERBENCH_ROOT"] = str(ROOT)
    listed = cli("weaken_orders", "--list", "--file", "primitives/hazard_pointer.hpp")
    assert listed.returncode == 0
    assert "heavy_fence() -> removed" in listed.stdout
    assert "protect() without its second load" in listed.stdout
    unknown = cli("weaken_orders", "--file", "primitives/hazard.hpp")
    assert unknown.returncode == 2
    assert "did you mean primitives/hazard_pointer.hpp?" in unknown.stderr
    assert cli("weaken_orders", "--list", "--out", "x.md").returncode == 2
