"""A stored run as the report reads it: all that can be used, and in words all that cannot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Sequence

from limiterbench.charts.catalogue import unreadable
from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.records.designs import Design, designs_of
from limiterbench.records.fields import BadField
from limiterbench.records.manifest import INTERRUPTED, Manifest
from limiterbench.records.records import Measured, Record, parse_record, read_records, that_count
from limiterbench.records.run_folder import CELLS, open_run
from limiterbench.records.stored_lines import content, stored
from limiterbench.stats import disturbance
from limiterbench.stats.series import Group, group_records

_COMPLAINTS_SHOWN = 5
# As a share of the repetitions: so many disturbed ones belong beside the answer.
_OFTEN = 0.1


@dataclass(frozen=True)
class StoredRun:
    name: str
    """No other run in the report has it."""
    folder: Path
    manifest: Manifest
    groups: list[Group]
    """Those with something measured."""
    failed: list[Record]
    missing: list[str]
    """What a reader would look for and not find, a sentence each."""

    @property
    def commit(self) -> str:
        return str(self.manifest.built.get("commit") or "unknown")

    @cached_property
    def designs(self) -> dict[str, Design]:
        return designs_of(self.manifest.rows)


def read_run(folder: Path, name: str) -> StoredRun:
    """Raises InputError if the folder is no run at all."""
    manifest = open_run(folder)
    if manifest.simulated is not None:
        raise InputError(
            f"{display(folder)}: simulated, not measured; show it beside a run: "
            f"./scripts/report RUN --prediction {display(folder)}, or rank it by --text"
        )
    records, complaints = _read_usable(folder / CELLS, manifest)
    groups = [group for group in group_records(records) if group.limiters]
    failed = [record for record in records if record.failure is not None]
    damaged = [f"There is {problem}." for problem in unreadable(folder)]
    missing = [*complaints, *_missing(manifest, records, groups), *damaged]
    return StoredRun(
        name=name,
        folder=folder,
        manifest=manifest,
        groups=groups,
        failed=failed,
        missing=missing,
    )


def _read_usable(path: Path, manifest: Manifest) -> tuple[list[Record], list[str]]:
    try:
        return read_records(path, manifest.plan.cells), []
    except InputError as error:
        complaint = str(error).replace(f"{path}", CELLS, 1)
    try:
        data = content(stored(path))
    except InputError:
        return [], [f"The records cannot be read: {complaint}."]
    return _read_lines(bytes(data), manifest)


def _read_lines(data: bytes, manifest: Manifest) -> tuple[list[Record], list[str]]:
    """Line by line: what is wrong with one says nothing of the others."""
    attempts: list[Record] = []
    complaints: list[str] = []
    planned = frozenset(manifest.plan.cells)
    lines = [line for line in data.split(b"\n") if line]
    for number, line in enumerate(lines, start=1):
        try:
            record = parse_record(line.decode("utf-8"), untimed=True)
        except UnicodeDecodeError:
            complaints.append(f"line {number}: not UTF-8 text")
            continue
        except BadField as error:
            complaints.append(f"line {number}: {error}")
            continue
        if record.simulated:
            complaints.append(f"line {number}: simulated, not measured")
        elif record.cell not in planned:
            complaints.append(f"line {number}: {record.cell.name} is not in the run's plan")
        else:
            attempts.append(record)
    return that_count(attempts), _summed_up(complaints, len(lines))


def _summed_up(complaints: Sequence[str], lines: int) -> list[str]:
    if not complaints:
        return []
    shown = "; ".join(complaints[:_COMPLAINTS_SHOWN])
    more = len(complaints) - _COMPLAINTS_SHOWN
    rest = f"; and {more} more" if more > 0 else ""
    return [
        f"{len(complaints)} of {units.count(lines, 'line')} of {CELLS} cannot be used "
        f"and are left out: {shown}{rest}."
    ]


def _disturbed(measured: Sequence[Measured]) -> list[str]:
    """Said where it is more than now and then, with the reason that was given most often; of a host
    that always disturbs, how much it took."""
    if disturbance.nearly_all(measured):
        return [f"{disturbance.notice(measured)}."]
    noisy = [m.noise for m in measured if m.noise and m.flagged]
    if len(noisy) <= _OFTEN * len(measured):
        return []
    times = Counter(why for noise in noisy for why in noise.reasons)
    seen = f", for example: {max(times, key=lambda why: (times[why], why))}" if times else ""
    of_all = f"{len(noisy):,} of {units.count(len(measured), 'repetition')}"
    return [f"{of_all} were disturbed by the host{seen}."]


def _missing(manifest: Manifest, records: Sequence[Record], groups: Sequence[Group]) -> list[str]:
    missing: list[str] = []
    if manifest.status == INTERRUPTED:
        planned = len(manifest.plan.cells) * manifest.plan.repetitions
        missing.append(f"The run was stopped: {len(records)} of {planned} repetitions are here.")
    if not records:
        return [*missing, "There are no records: nothing was measured, so there is no answer."]
    if not groups:
        return [*missing, "Every repetition failed: no number of this run can be used."]
    measured = [record.measured for record in records if record.measured is not None]
    untimed = sum(m.timed is None for m in measured)
    missing += _disturbed(measured)
    if untimed:
        missing.append(
            f"In {untimed} of {units.count(len(measured), 'repetition')} the latency is missing: "
            "their cells have no percentiles and stand in no chart of them."
        )
    counts = {n for group in groups for n in group.threads}
    if len(counts) == 1:
        only = min(counts)
        were = f"{units.count(only, 'thread')} {'was' if only == 1 else 'were'}"
        missing.append(f"Only {were} measured: nothing is known of scaling.")
    if any(len(repeated) == 1 for group in groups for _, _, repeated in group.cells()):
        missing.append("Some cells have one repetition: nothing is known of their noise.")
    if not manifest.doctor:
        missing.append("The doctor did not examine the host before this run.")
    return missing
