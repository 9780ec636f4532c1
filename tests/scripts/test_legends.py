from __future__ import annotations

import json
from pathlib import Path

from limiterbench.charts.legends import LEGENDS, PEERS, families_of, legends_of
from limiterbench.records.designs import designs_of

REFERENCE = Path(__file__).resolve().parents[2] / "results" / "reference" / "run.json"
UNKNOWN = [f"unheard_of_{index}" for index in range(30)]


def test_every_design_of_the_stored_run_has_a_look_of_its_own() -> None:
    rows = json.loads(REFERENCE.read_text(encoding="utf-8"))["rows"]
    assert {row["name"] for row in rows} <= set(LEGENDS)
    on_libraries = {name for name, design in designs_of(rows).items() if design.library}
    assert on_libraries == set(PEERS)


def test_designs_on_other_libraries_are_set_apart() -> None:
    names = ["theirs", "mine", "hazard", "ck_epoch"]
    legends = legends_of(names, {"theirs": "a library", "ck_epoch": "Concurrency Kit"})
    own, peers = families_of(names, legends)
    assert (own.rows, peers.rows) == (["hazard", "mine"], ["ck_epoch", "theirs"])
    assert families_of(["hazard"], legends) == [own._replace(rows=["hazard"])]
    assert families_of(["ck_epoch"], legends) == [peers._replace(rows=["ck_epoch"])]


def test_known_rows_keep_their_own_look() -> None:
    assert legends_of(["hazard", *UNKNOWN])["hazard"] == LEGENDS["hazard"]


def test_rows_can_be_told_apart_without_colour() -> None:
    chosen = legends_of([*LEGENDS, *UNKNOWN])
    looks = {(legend.marker, legend.linestyle) for legend in chosen.values()}
    assert len(looks) == len(chosen) == len(LEGENDS) + len(UNKNOWN)


def test_unknown_rows_look_the_same_whatever_the_order() -> None:
    assert legends_of(UNKNOWN) == legends_of(reversed(UNKNOWN))


def test_more_rows_than_looks_still_have_one_each() -> None:
    names = [f"row_{index}" for index in range(500)]
    assert set(legends_of(names)) == set(names)
