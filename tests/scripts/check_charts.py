"""Whether a whole run has every chart that the catalogue knows, each with its picture and table.

Usage: check_charts.py RUN
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List, Set

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from limiterbench.charts.catalogue import KINDS, charts_of  # noqa: E402
from limiterbench.records.manifest import Manifest  # noqa: E402
from limiterbench.records.primitives import PRIMITIVES  # noqa: E402
from limiterbench.records.records import read_records  # noqa: E402
from limiterbench.records.run_folder import CELLS, FIGURES, open_run  # noqa: E402
from limiterbench.stats.series import group_records  # noqa: E402


def excused(folder: Path, manifest: Manifest) -> Set[str]:
    """Kinds that the run cannot have: it was not asked for them, or its host has no such thing."""
    cells = manifest.plan.cells
    is_closed = all(cell.scenario != "open_loop" for cell in cells)
    found = {
        "load": is_closed,
        "capacity": is_closed,
        "fairness": all(cell.threads == 1 for cell in cells),
        "contention": manifest.contention_absent is not None or manifest.topology.cpus == 1,
        "reads": not (folder / PRIMITIVES).exists(),
    }
    return {kind for kind, is_excused in found.items() if is_excused}


def lacking(folder: Path) -> List[str]:
    """What is not there, a line each."""
    manifest = open_run(folder)
    groups = group_records(read_records(folder / CELLS, manifest.plan.cells))
    charts = charts_of(folder, manifest, groups)
    paths = [
        folder / FIGURES / f"{chart.name}.{suffix}"
        for chart in charts
        for suffix in ("svg", "png", "csv")
    ]
    # What no record fills by mistake has no file to look for: its kind is missed instead.
    kinds = set(KINDS) - {chart.kind for chart in charts} - excused(folder, manifest)
    return [
        *(f"no chart: {path}" for path in paths if not path.is_file() or not path.stat().st_size),
        *(f"no chart of the kind {kind}" for kind in sorted(kinds)),
    ]


if __name__ == "__main__":
    missing = lacking(Path(sys.argv[1]))
    print("\n".join(missing) or "every chart is there")
    sys.exit(1 if missing else 0)
