"""README.md says what the stored run says."""

from __future__ import annotations

from pathlib import Path

import pytest

from limiterbench.errors import InputError
from limiterbench.readme import render

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "results" / "reference"


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
