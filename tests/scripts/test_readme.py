"""The documents say what the stored records say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Optional

import pytest

from limiterbench.common.errors import InputError
from limiterbench.common.tidy import as_csv
from limiterbench.maintain.readme import render, render_designs, render_orders
from limiterbench.records.primitives import ORDERS, read_costs, table
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.summary import SUMMARY, summarise

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results" / "reference"
PRIMITIVES = ROOT / "results" / "primitives" / "primitives.json"


def test_the_readme_agrees_with_the_stored_run() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "| `hazard` |" in text
    assert render(text, ROOT, REFERENCE) == text


def test_the_stored_summary_agrees_with_the_records() -> None:
    manifest = open_run(REFERENCE)
    text = as_csv(summarise(manifest, read_records(REFERENCE / CELLS, manifest.plan.cells)))
    assert (REFERENCE / SUMMARY).read_text(encoding="utf-8") == text


def test_a_number_changed_by_hand_is_put_back() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    forged = text.replace("| `hazard` |", "| `hazard` | 999 G |", 1)
    assert forged != text
    assert render(forged, ROOT, REFERENCE) == text


def test_the_table_fits_a_terminal() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) > 10
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    "summary, message",
    [
        (None, "summary.csv: No such file"),
        ("limiter,threads\nhazard,1\n", "not a run's summary: 'placement'"),
        ("", "nothing measured of steady, compact"),
    ],
)
def test_a_run_that_cannot_fill_the_table_is_refused(
    tmp_path: Path, summary: Optional[str], message: str
) -> None:
    shutil.copy(REFERENCE / "run.json", tmp_path)
    if summary is not None:
        (tmp_path / SUMMARY).write_text(summary, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        render((ROOT / "README.md").read_text(encoding="utf-8"), ROOT, tmp_path)


def test_the_page_of_the_designs_agrees_with_the_stored_run() -> None:
    text = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    assert "- exact, blocking: `rwmutex`" in text
    assert render_designs(text, REFERENCE) == text
    forged = text.replace("- exact, blocking: `rwmutex`", "- exact, wait-free: `rwmutex`")
    assert render_designs(forged, REFERENCE) == text


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
