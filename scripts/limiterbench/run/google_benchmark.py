"""Google Benchmark's own JSON of a run, so that its tools work on it.

Every repetition is a process that writes a file of its own. They are kept line by line while a run
goes on, so that a stopped run loses none, and become one file when it ends.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from limiterbench.common.errors import InputError
from limiterbench.common.files import LineLog, replace_text
from limiterbench.records.manifest import RunPlan
from limiterbench.run.schedule import Turn

BENCHMARK_JSON = "benchmark.json"
_LOG = ".benchmark.jsonl"

Entry = Dict[str, Any]
Entries = Dict[Tuple[str, int], Entry]


class BenchmarkLog(LineLog):
    """What the processes wrote, one line each, until merge() makes one file of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        super().__init__(folder / _LOG)
        self.repair()

    def keep(self, turn: Turn, written: Path) -> None:
        """A process that crashed leaves none, or a part of one: the records tell of it."""
        try:
            parts = _parts(json.loads(written.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            parts = {"context": None, "benchmarks": []}
        self.append(json.dumps({"cell": turn.cell.name, "repetition": turn.repetition, **parts}))

    def merge(self, plan: RunPlan) -> None:
        path = self._folder / BENCHMARK_JSON
        context, entries = _read(path)
        for line in _kept(self._folder / _LOG):
            context = context or line.context
            for entry in line.entries:
                # The last attempt that succeeded counts, as in the records.
                if line.of not in entries or not entry.get("error_occurred"):
                    entries[line.of] = entry
        if context is not None:
            merged = {"context": context, "benchmarks": _ordered(entries, plan)}
            replace_text(path, json.dumps(merged, indent=1) + "\n")
        (self._folder / _LOG).unlink()


class _Line(NamedTuple):
    of: Tuple[str, int]
    context: Optional[Mapping[str, Any]]
    entries: List[Entry]


def _kept(log: Path) -> Iterator[_Line]:
    """A line that was damaged is left out: what it told of is on record all the same."""
    for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
            of = str(line["cell"]), int(line["repetition"])
            kept = _Line(of, line["context"], [dict(entry) for entry in line["benchmarks"]])
        except (ValueError, TypeError, KeyError):
            continue
        yield kept


def _parts(values: Mapping[str, Any]) -> Dict[str, Any]:
    context = dict(values["context"])
    # Where it lies on this machine says nothing elsewhere.
    context["executable"] = Path(str(context["executable"])).name
    return {"context": context, "benchmarks": [dict(entry) for entry in values["benchmarks"]]}


def _read(path: Path) -> Tuple[Optional[Mapping[str, Any]], Entries]:
    """What a part of the run that ended earlier has left."""
    if not path.exists():
        return None, {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        entries = {(cell_of(e), int(e["repetition_index"])): e for e in values["benchmarks"]}
        return values["context"], entries
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: not what a run has written: {error}") from None


def cell_of(entry: Mapping[str, Any]) -> str:
    """The name without what Google Benchmark adds to it: /iterations:1/manual_time."""
    return "/".join(str(entry["run_name"]).split("/")[:4])


def _ordered(entries: Mapping[Tuple[str, int], Entry], plan: RunPlan) -> List[Entry]:
    """As one process that had repeated every cell would have written them."""
    family = {cell.name: index for index, cell in enumerate(plan.cells)}
    numbers = {"repetitions": plan.repetitions, "per_family_instance_index": 0}
    return [
        {**entry, "family_index": family[cell], "repetition_index": repetition, **numbers}
        for (cell, repetition), entry in sorted(
            entries.items(), key=lambda item: (family[item[0][0]], item[0][1])
        )
    ]
