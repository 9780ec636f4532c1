"""The facts about a design, as a record states them now and as older runs did."""

from __future__ import annotations

import json

from conftest import ROOT

from limiterbench.records.designs import Design, designs_of

NEW = {
    "name": "theirs",
    "library": "a library",
    "requires": ["rseq", "membarrier"],
    "progress": "lock_free",
    "progress_text": "lock-free",
}


def test_facts_are_taken_as_they_are_recorded() -> None:
    design = designs_of([NEW])["theirs"]
    assert (design.library, design.requires) == ("a library", ("rseq", "membarrier"))
    assert (design.progress_rank, design.progress_text) == (2, "lock-free")


def test_a_run_without_these_facts_is_read_by_the_names_of_its_designs() -> None:
    manifest = json.loads((ROOT / "results/reference/run.json").read_text(encoding="utf-8"))
    older = [
        {k: v for k, v in row.items() if k not in NEW or k == "name"} for row in manifest["rows"]
    ]
    prose = {"hazard": "lock-free within a window", "gcra": "lock-free", "unlimited": "wait-free"}
    designs = designs_of(
        [{**row, "progress": prose.get(str(row["name"]), "blocking")} for row in older]
    )
    assert designs["urcu_memb"].library == "liburcu" and designs["hazard"].library == ""
    assert designs["leased_rseq"].requires == ("rseq",) and designs["leased"].requires == ()
    ranks = [designs[name].progress_rank for name in ("rwmutex", "hazard", "gcra", "unlimited")]
    assert ranks == [0, 1, 2, 3]


def test_unknown_progress_guarantees_nothing() -> None:
    assert (
        Design("x").progress_rank
        == designs_of([{"name": "x", "progress": "?"}])["x"].progress_rank
        == 0
    )
