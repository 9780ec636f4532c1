"""What fake_limiterbench answers with: facts and records of a stored run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from limiterbench.records.run_folder import CELLS, RUN_JSON
from limiterbench.records.stored_lines import content, stored

DESIGNS = ("unlimited", "rwmutex", "rwmutex_read", "snapshot", "hazard", "sharded")
PEERS = ("ck_epoch", "urcu_memb")
SCENARIOS = ("readonly", "steady", "reload_storm", "overload", "edge", "open_loop")
BUILD = {"commit": "nogit", "compiler": "none", "flags": ""}
# Most of the stored run is timed by the TSC, the rest by a clock with another floor.
FLOOR = {"min_ns": 0, "p50_ns": 20.0, "p99_ns": 20.0}

_NAMES = "|".join((*DESIGNS, *PEERS))
_CELL = re.compile(rf'"cell":"(({_NAMES})/\w+)/compact/threads:([12])"'.encode())


def write(folder: Path, run: Path) -> Path:
    """As DESIGN/SCENARIO/THREADS/REPETITION.json, DESIGN/row.json and two more files."""
    manifest = json.loads((run / RUN_JSON).read_text(encoding="utf-8"))
    for line in bytes(content(stored(run / CELLS))).splitlines():
        if cell := _CELL.search(line):
            record = json.loads(line)
            record["noise"].update(flagged=False, reasons=[])
            record["timer"].update(manifest["timer"], floor=FLOOR)
            record.update(attempt=0, layout={"program": 0, "stack_offset": 0})
            record["build"].update(BUILD)
            place = folder / cell[1].decode() / cell[3].decode()
            _store(place / f"{record['repetition']}.json", record)
    for row in manifest["rows"]:
        if row["name"] in (*DESIGNS, *PEERS):
            _store(folder / row["name"] / "row.json", row)
    host = {**manifest["host"], "hostname": "testhost", "warnings": []}
    versions = {**manifest["versions"]["program"], **BUILD}
    answer = {"environment": host, "timer": manifest["timer"], "versions": versions}
    _store(folder / "environment.json", answer)
    _store(folder / "scenarios.json", list(map(_scenario, SCENARIOS)))
    return folder


def _scenario(name: str) -> Any:
    sweeps = name == "open_loop"
    phases = 12.6 if sweeps else 2.6
    kind = {"sweeps_load": sweeps, "on_request": False, "principal": name == "steady"}
    return {"name": name, **kind, "phases": phases}


def _store(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n", encoding="utf-8")
