"""The facts about each design that `--list=json` states and run.json keeps."""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple

# By identifier. Higher is stronger.
_PROGRESS_RANKS = {
    "blocking": 0,
    "lock_free_within_window": 1,
    "lock_free_within_lease": 1,
    "lock_free": 2,
    "wait_free": 3,
}

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
_OLD_REQUIRES = {"leased_rseq": ("rseq",)}
_OLD_PROGRESS = {
    "lock-free within a window": "lock_free_within_window",
    "lock-free within a lease": "lock_free_within_lease",
    "lock-free": "lock_free",
    "wait-free": "wait_free",
}


class Design(NamedTuple):
    name: str
    summary: str = ""
    bound: str = ""
    contract: str = "windows"
    library: str = ""
    """Empty if it is this project's own."""
    requires: tuple[str, ...] = ()
    """Kernel features."""
    progress: str = ""
    """An identifier, or empty if unknown."""
    progress_text: str = "not known"

    @property
    def progress_rank(self) -> int:
        """Unknown progress guarantees nothing."""
        return _PROGRESS_RANKS.get(self.progress, 0)


def designs_of(rows: Iterable[Mapping[str, object]]) -> dict[str, Design]:
    """By name, from run.json's `rows`."""
    return {design.name: design for design in map(_design, rows)}


def _design(row: Mapping[str, object]) -> Design:
    name, progress = str(row.get("name")), str(row.get("progress") or "")
    requires = row.get("requires", _OLD_REQUIRES.get(name, ()))
    return Design(
        name=name,
        summary=str(row.get("summary", "")),
        bound=str(row.get("bound", "")),
        contract=str(row.get("contract", "windows")),
        library=str(row.get("library", _OLD_LIBRARIES.get(name, ""))),
        requires=tuple(map(str, requires)) if isinstance(requires, (list, tuple)) else (),
        progress=_OLD_PROGRESS.get(progress, progress),
        progress_text=str(row.get("progress_text") or progress or "not known"),
    )
