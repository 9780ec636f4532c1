"""The facts about each design that `--list=json` states and run.json keeps."""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple

# Runs stored before a record named the library, the kernel features and the progress by identifier.
_OLD_LIBRARIES = {
    "urcu_qsbr": "liburcu",
    "urcu_memb": "liburcu",
    "ck_epoch": "Concurrency Kit",
    "ck_brlock": "Concurrency Kit",
    "xenium_hp": "xenium",
    "xenium_ebr": "xenium",
    "libcds_hp": "libcds",
    "tbb_rw_mutex": "oneTBB",
    "absl_mutex": "Abseil",
    "boost_shared_mutex": "Boost.Thread",
}


class Design(NamedTuple):
    name: str
    library: str
    """Empty if it is this project's own."""
    progress: str
    """In words."""


def designs_of(rows: Iterable[Mapping[str, object]]) -> dict[str, Design]:
    """By name, from run.json's `rows`."""
    return {design.name: design for design in map(_design, rows)}


def _design(row: Mapping[str, object]) -> Design:
    name = str(row.get("name"))
    return Design(
        name=name,
        library=str(row.get("library", _OLD_LIBRARIES.get(name, ""))),
        progress=str(row.get("progress_text") or row.get("progress") or "not known"),
    )
