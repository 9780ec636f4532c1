from __future__ import annotations

from limiterbench.common.text_table import TextTable


def test_names_begin_on_the_left_and_numbers_end_on_the_right() -> None:
    table = TextTable("limiter", "rate")
    table.add("hazard", "7 M")
    assert str(table).splitlines() == [
        "limiter  rate",
        "─────────────",
        "hazard    7 M",
    ]


def test_a_long_name_is_cut_to_80_columns() -> None:
    table = TextTable("limiter", "rate")
    table.add("x" * 100, "7 M")
    assert max(map(len, str(table).splitlines())) == 80
    assert "x…" in str(table)
