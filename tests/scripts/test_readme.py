"""The documents say what the stored records say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Optional

import pytest

from limiterbench.common.errors import InputError
from limiterbench.common.files import replace_blocks
from limiterbench.common.tidy import as_csv
from limiterbench.maintain.readme import blocks
from limiterbench.records.primitives import ORDERS, read_costs, table
from limiterbench.records.records import read_records
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.stats.summary import SUMMARY, summarise

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results" / "reference"
PRIMITIVES = ROOT / "results" / "primitives" / "primitives.json"


@pytest.mark.parametrize(
    "name, line, forged",
    [
        ("README.md", "| `hazard` |", "| `hazard` | 999 G |"),
        ("docs/designs.md", "- exact, blocking: `rwmutex`", "- exact, wait-free: `rwmutex`"),
        ("docs/memory-ordering.md", "| load, acquire |", "| load, acquire | 0.00 |"),
        ("docs/records.md", "| `throughput` |", "| `output` |"),
    ],
)
def test_a_document_says_what_is_stored_also_after_a_change_by_hand(
    name: str, line: str, forged: str
) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert line in text
    made = blocks(ROOT, REFERENCE)[ROOT / name]
    assert replace_blocks(text, name, made) == text
    assert replace_blocks(text.replace(line, forged, 1), name, made) == text


def test_the_stored_summary_agrees_with_the_records() -> None:
    manifest = open_run(REFERENCE)
    text = as_csv(summarise(manifest, read_records(REFERENCE / CELLS, manifest.plan.cells)))
    assert (REFERENCE / SUMMARY).read_text(encoding="utf-8") == text


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
        blocks(ROOT, tmp_path)


def test_a_readme_without_its_blocks_is_refused() -> None:
    with pytest.raises(InputError, match="generated: chart"):
        replace_blocks("# nothing\n", "README.md", {"chart": ""})


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
