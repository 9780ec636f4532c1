"""What a run ends with: the table, the failures, the paths of the charts and the report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence

from limiterbench.common import units
from limiterbench.common.files import display
from limiterbench.records import manifest as manifests
from limiterbench.records.records import Record
from limiterbench.records.run_folder import RUN_JSON
from limiterbench.report.table import print_tables

_FAILURES_SHOWN = 10


def show_outcome(folder: Path, records: Sequence[Record], failed: Sequence[Record]) -> None:
    """`records`: those that count; `failed`: all that failed."""
    manifest = manifests.read(folder / RUN_JSON)
    can_be_drawn = any(record.measured for record in records)
    if can_be_drawn:
        print_tables(manifest, records)
    _show_failures(failed)
    if can_be_drawn:
        # Drawing takes long and may fail: what was measured is on the terminal before.
        sys.stdout.flush()
        print(_draw(folder))
    print(f"\nrecords: {display(folder)}")


def _draw(folder: Path) -> str:
    """The paths of the charts and of the report, in words."""
    try:
        from limiterbench.charts.catalogue import unreadable
        from limiterbench.charts.plot import draw
        from limiterbench.report.command import write_page
    except ImportError as error:
        # A bare host can measure; the charts are drawn where matplotlib is.
        return f"\nno charts here ({error}): ./scripts/plot and report make them from the records"
    names = [path.with_suffix("") for path in draw(folder) if path.suffix == ".png"]
    charts = [f"  {display(name)}.{{svg,png}}" for name in names]
    charts += [f"  {problem}" for problem in unreadable(folder)]
    return "\n".join(["\ncharts:", *charts, f"\nreport: {display(write_page([folder]))}"])


def _show_failures(failed: Sequence[Record]) -> None:
    if not failed:
        return
    print(f"\n{units.count(len(failed), 'repetition')} failed:")
    for record in failed[:_FAILURES_SHOWN]:
        print(f"  {record.cell.name} repetition {record.repetition}:")
        print(f"    {record.failure}")
    if len(failed) > _FAILURES_SHOWN:
        print(f"  and {len(failed) - _FAILURES_SHOWN} more, in the records")
