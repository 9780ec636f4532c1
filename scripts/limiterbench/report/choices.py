"""What the chooser knows: every row, and every measured cell of it."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from limiterbench.charts.legends import PEERS
from limiterbench.common import units
from limiterbench.report.contest import Contest, Entrant, contests
from limiterbench.report.estimates import Estimate
from limiterbench.report.stored import StoredRun

Object = Dict[str, Any]

# From the weakest up.
_PROGRESS = ("blocking", "lock_free_within", "lock_free", "wait_free")


_NOT_TIMED: Object = {
    **dict.fromkeys(("value", "low", "high")),
    **{"known": False, "step": 0.0, "text": "not measured", "ends": ""},
}


def progress_rank(progress: str) -> int:
    """Higher is stronger; what is not known guarantees nothing. Older runs hold the text."""
    progress = progress.replace("-", "_").replace(" ", "_")
    if progress.startswith(_PROGRESS[1]):
        return 1
    return _PROGRESS.index(progress) if progress in _PROGRESS else 0


def rows(run: StoredRun) -> Dict[str, Object]:
    found = {e.row: e for field in contests(run) for e in field.entrants.values() if e.limits}
    return {row: _row(run, found[row]) for row in sorted(found)}


def _row(run: StoredRun, entrant: Entrant) -> Object:
    info = run.row_info(entrant.row)
    source = str(info.get("source", ""))
    progress = str(info.get("progress", "not known"))
    # A source begins with the library that the row stands on.
    library = source.split(" (")[0] if entrant.row in PEERS else ""
    platform = "Linux with rseq" if "rseq" in source else ""
    return {
        "summary": str(info.get("summary", "")),
        "exactness": str(entrant.line["exactness"]),
        "bound": str(info.get("bound", "")),
        "own_contract": entrant.own_contract,
        "progress": str(info.get("progress_text", progress)),
        "progress_rank": progress_rank(progress),
        "library": library,
        "platform": platform,
        "needs": ", ".join(part for part in (library, platform) if part) or "nothing",
    }


def cells(run: StoredRun) -> List[Object]:
    """Of every row that limits: its numbers, for programs and for people."""
    return [cell for field in contests(run) for cell in cells_of(field)]


def cells_of(field: Contest) -> List[Object]:
    """The fastest first."""
    limiting = [entrant for entrant in field.entrants.values() if entrant.limits]
    ranked = sorted(limiting, key=lambda e: (-e.throughput.value, e.row))
    return [_cell(entrant) for entrant in ranked]


def _cell(entrant: Entrant) -> Object:
    held, publish = held_bytes(entrant), entrant.number("publish_p50_median_ns")
    slowdown = entrant.number("slowdown_to_best_ratio")
    return {
        "row": entrant.row,
        "scenario": entrant.cell.scenario,
        "placement": entrant.cell.placement,
        "threads": entrant.cell.threads,
        "ops": _numbers(entrant.throughput, units.rate),
        "p99": _p99(entrant) if entrant.is_timed else _NOT_TIMED,
        "share": round(1 / slowdown, 4) if slowdown else 1.0,
        "held": held,
        "held_text": "not recorded" if held is None else size(held),
        "publish_text": "none" if publish is None else units.time(publish),
        "reloads_text": units.rate(entrant.known("reloads_median_per_second")),
        "over": round(entrant.known("admission_error_max_permits")),
    }


def _p99(entrant: Entrant) -> Object:
    text = units.reading(entrant.p99.value, entrant.at_floor)
    return {**_numbers(entrant.p99, units.time), "text": text}


def _numbers(found: Estimate, words: Callable[[float], str]) -> Object:
    ends = f"{words(found.low)} to {words(found.high)}"
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "known": found.coverage > 0,
        "step": found.step,
        "text": words(found.value),
        "ends": ends if found.coverage > 0 else "one repetition",
    }


def held_bytes(entrant: Entrant) -> Optional[float]:
    """In use, and not yet freed at its peak."""
    live, retired = (
        entrant.number(column) for column in ("live_median_bytes", "retired_peak_median_bytes")
    )
    return None if live is None or retired is None else live + retired


def size(held: float) -> str:
    for factor, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if held >= factor:
            return f"{held / factor:.3g} {unit}"
    return f"{held:.0f} B"


def reloads(field: Contest) -> str:
    """As achieved: a row that publishes slowly is asked less often."""
    rates = [e.known("reloads_median_per_second") for e in field.entrants.values()]
    low, high = units.rate(min(rates), 2), units.rate(max(rates), 2)
    if max(rates) == 0:
        return "no reload"
    return f"{low} reloads/s" if low == high else f"{low} to {high} reloads/s"
