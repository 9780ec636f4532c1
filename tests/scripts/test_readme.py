"""README.md says what the stored run says."""

from __future__ import annotations

from pathlib import Path

import pytest

from limiterbench.errors import InputError
from limiterbench.primitives import ORDERS, read_costs, table
from limiterbench.readme import render, render_orders

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results" / "reference"
PRIMITIVES = ROOT / "results" / "primitives" / "primitives.json"


def test_the_readme_agrees_with_the_stored_run() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "| `hazard` |" in text
    assert render(text, ROOT, REFERENCE) == text


def test_a_number_changed_by_hand_is_put_back() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    forged = text.replace("| `hazard` |", "| `hazard` | 999 G |", 1)
    assert forged != text
    assert render(forged, ROOT, REFERENCE) == text


def test_a_readme_without_its_blocks_is_refused() -> None:
    with pytest.raises(InputError, match="generated: chart"):
        render("# nothing\n", ROOT, REFERENCE)


def test_the_page_on_memory_ordering_agrees_with_the_stored_primitives() -> None:
    text = (ROOT / "docs" / "memory-ordering.md").read_text(encoding="utf-8")
    assert "| load, acquire |" in text
    assert render_orders(text, PRIMITIVES) == text
    forged = text.replace("| load, acquire |", "| load, acquire | 0.00 |", 1)
    assert render_orders(forged, PRIMITIVES) == text


def test_a_block_that_was_not_measured_is_named(tmp_path: Path) -> None:
    costs = read_costs(PRIMITIVES)
    del costs["load<acquire>"]
    with pytest.raises(InputError, match="not measured: load<acquire>"):
        table(costs, ORDERS, PRIMITIVES)


@pytest.mark.parametrize("text", ["", "{}", '{"benchmarks": []}', '{"benchmarks": [3]}'])
def test_primitives_without_medians_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "primitives.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="primitives.json"):
        read_costs(path)
