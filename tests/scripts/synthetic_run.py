"""A run's folder with the records that synthesise_records makes up, as if of a host of 64 CPUs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Dict

from limiterbench.records import manifest as manifests
from limiterbench.records.cells import parse_cell
from limiterbench.records.fields import Fields
from limiterbench.records.manifest import Manifest, RunPlan, Topology
from limiterbench.records.manifest import parse_boundaries
from limiterbench.records.run_folder import CELLS, RUN_JSON

REPETITIONS = 5


def synthesise(program: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    with open(folder / CELLS, "wb") as records:
        # Through a pipe, which needs no synchronising with the disk after each record.
        made = subprocess.Popen([program, str(folder)], stdout=subprocess.PIPE)
        assert made.stdout is not None
        while block := made.stdout.read(1 << 20):
            records.write(block)
    assert made.wait() == 0
    plan = json.loads((folder / "plan.json").read_text())
    manifests.write(folder / RUN_JSON, _manifest(plan))
    return folder


def _manifest(plan: Dict[str, Any]) -> Manifest:
    cells = [cell for entry in plan["cells"] if (cell := parse_cell(entry["cell"]))]
    return Manifest(
        started_utc="2026-01-01T00:00:00Z",
        host={"hostname": "synthetic", "cpu_model": "synthetic: nothing here was measured"},
        timer={"source": "tsc"},
        topology=Topology(
            plan["host"]["summary"],
            plan["host"]["cpus"],
            parse_boundaries(Fields(plan["boundaries"])),
        ),
        rows=plan["rows"],
        plan=RunPlan("full", 1, cells, REPETITIONS, 1.0, 60.0, False),
        command="synthesise_records",
        versions={"commit": "synthetic"},
        program_sha256="0" * 64,
        status=manifests.COMPLETE,
    )
