"""The facts about a design, as a record states them now and as older runs did."""

from __future__ import annotations

import json

from conftest import ROOT

from limiterbench.records.designs import designs_of

NEW = {"name": "theirs", "library": "a library", "progress_text": "lock-free"}


def test_facts_are_taken_as_they_are_recorded() -> None:
    design = designs_of([NEW])["theirs"]
    assert (design.library, design.progress) == ("a library", "lock-free")


def test_a_run_without_these_facts_is_read_by_the_names_of_its_designs() -> None:
    manifest = json.loads((ROOT / "results/reference/run.json").read_text(encoding="utf-8"))
    older = [
        {k: v for k, v in row.items() if k not in NEW or k == "name"} for row in manifest["rows"]
    ]
    designs = designs_of([{**row, "progress": "in words"} for row in older])
    assert designs["urcu_memb"].library == "liburcu" and designs["hazard"].library == ""
    assert designs["hazard"].progress == "in words"


def test_what_nobody_recorded_is_not_known() -> None:
    assert designs_of([{"name": "x"}])["x"].progress == "not known"
