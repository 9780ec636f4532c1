from __future__ import annotations

import re
from pathlib import Path
from typing import List

import pytest

from conftest import ROOT
from limiterbench.common.errors import InputError
from limiterbench.maintain.orders import (
    Header,
    comment_of,
    is_atomic,
    orders_of,
    read_header,
    read_headers,
)


def header(folder: Path, code: str) -> Header:
    path = folder / "some.hpp"
    path.write_text(code)
    return read_header(folder, path)


def found(folder: Path, code: str) -> List[str]:
    return [f"{o.operation} {o.order}".strip() for o in orders_of(header(folder, code))]


@pytest.mark.parametrize(
    ("code", "orders"),
    [
        ("a.load(sync::acquire);", ["load acquire"]),
        ("f(b, a.load(sync::seq_cst), c);", ["load seq_cst"]),
        ("a.store(g(1, 2),\n  sync::release);", ["store release"]),
        ("domain.retire(a.exchange(next.release(), sync::acq_rel));", ["exchange acq_rel"]),
        (
            "if (a.compare_exchange_weak(x, y + (1), sync::acquire, sync::relaxed)) return;",
            ["compare_exchange_weak acquire", "compare_exchange_weak, failure relaxed"],
        ),
        ("sync::fence(sync::release);", ["fence release"]),
        ("if (x) sync::process_fence();", ["sync::process_fence()"]),
        ("light_fence();\nheavy_fence();", ["light_fence()", "heavy_fence()"]),
        ("w.peek_last<sync::seq_cst>(rule);", ["peek_last<> seq_cst"]),
        ("template <sync::memory_order order = sync::relaxed>", ["template default relaxed"]),
        ("// a.load(sync::acquire);", []),
        ('say("a.load(sync::acquire)");', []),
        ("inline void light_fence() noexcept {}", []),
    ],
)
def test_what_an_order_is_the_order_of(tmp_path: Path, code: str, orders: List[str]) -> None:
    assert found(tmp_path, code) == orders


@pytest.mark.parametrize(
    "code",
    [
        "a.load(std::memory_order_acquire);",
        "a.load(memory_order::acquire);",
        "a.load(sync::consume);",
        "using namespace sync;",
        "using sync::acquire;",
        "const auto order = sync::acquire;",
        "auto x = (light_fence(), 1);",
    ],
)
def test_an_order_of_no_known_form_is_an_error(tmp_path: Path, code: str) -> None:
    with pytest.raises(InputError, match="some.hpp:1"):
        found(tmp_path, code)


def test_the_comment_of_an_order_stands_above_its_statement(tmp_path: Path) -> None:
    code = "x = 1;  // not this\n// (1) acquire:\n// so.\nwhile (\n    !a.load(sync::acquire)) {\n"
    (order,) = orders_of(header(tmp_path, code))
    assert comment_of(order) == "(1) acquire: so."


def test_no_order_of_the_headers_is_skipped() -> None:
    """Counted once more with nothing but the names, comments cut off line by line."""
    name = re.compile(r"sync::(?:relaxed|acquire|release|acq_rel|seq_cst)\b")
    for each in read_headers(ROOT / "impls"):
        lines = [line.partition("//")[0] for line in each.text.splitlines()]
        names = sum(len(name.findall(line)) for line in lines)
        orders = [order for order in orders_of(each) if order.order]
        assert len(orders) == names, each.name
        assert all(
            is_atomic(order) or order.operation in ("fence", "template default", "peek_last<>")
            for order in orders
            if not each.name.startswith("peers/")
        )


def test_the_headers_have_orders() -> None:
    headers = read_headers(ROOT / "impls")
    names = {order.header.name for each in headers for order in orders_of(each)}
    assert {"primitives/hazard_pointer.hpp", "quota/window.hpp", "config/ring.hpp"} <= names
    assert not any(each.name.startswith("sync") for each in headers)
