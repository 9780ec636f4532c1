"""README.md says what the stored run says."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Dict, Tuple

import pytest

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.tidy import as_csv
from limiterbench.maintain.readme import render, render_orders
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


def summary() -> Dict[Tuple[str, str], Dict[str, str]]:
    """Of the cells that the table shows, as the run's summary.csv has them."""
    manifest = open_run(REFERENCE)
    text = as_csv(summarise(manifest, read_records(REFERENCE / CELLS, manifest.plan.cells)))
    stored = REFERENCE / SUMMARY
    if stored.exists():
        assert stored.read_text(encoding="utf-8") == text
    return {
        (line["limiter"], line["threads"]): line
        for line in csv.DictReader(io.StringIO(text))
        if (line["scenario"], line["placement"]) == ("steady", "compact")
    }


def read(line: Dict[str, str], percentile: str) -> str:
    floor = line[f"floor_{'p50' if percentile == 'p50' else 'p99'}_median_ns"]
    value, step = float(line[f"{percentile}_median_ns"]), float(line["clock_step_ns"] or 0)
    return units.reading(value, units.at_floor(value, float(floor), step))


def test_every_number_of_the_table_is_in_the_summary() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("<!-- generated: table -->")[1].split("<!-- /generated: table -->")[0]
    heads, _, *rows = [line.strip("| ").split(" | ") for line in table.splitlines() if "|" in line]
    counts = [word.split()[-2] for word in heads if word.startswith("decisions/s")]
    cells = summary()
    for name, *shown in rows:
        lines = [cells[name.strip("`"), count] for count in counts]
        rates = [units.rate(float(line["throughput_median_per_second"])) for line in lines]
        times = [read(lines[-1], p) for p in ("p50", "p99", "p999")]
        over = "-" if lines[-1]["exactness"] == "none" else lines[-1]["admission_error_max_permits"]
        assert shown == [*rates, *times, over], name
    assert len(rows) > 10 and len(counts) > 1


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
