"""The measuring loop: one repetition after the other, each kept as soon as it has ended. Then what
the run found: the table, the failures, the paths of the charts and the report."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from limiterbench.common import units
from limiterbench.common.errors import HostError
from limiterbench.common.files import LineLog, display
from limiterbench.records import manifest as manifests
from limiterbench.records.cells import Cell
from limiterbench.records.manifest import Manifest, RunPlan
from limiterbench.records.records import Record, read_attempts, read_records, that_count
from limiterbench.records.run_folder import CELLS, RUN_JSON
from limiterbench.records.stored_lines import pack, unpack
from limiterbench.report.table import print_tables
from limiterbench.run import google_benchmark
from limiterbench.run.cell_process import CellProcess, StopRequest
from limiterbench.run.effort import Effort
from limiterbench.run.program import Program
from limiterbench.run.schedule import Turn, repeats, turns_left

_FAILURES_SHOWN = 10
_SCRATCH = ".cell"


def _next_turns(plan: RunPlan, attempts: Sequence[Record]) -> list[Turn]:
    """First what was planned, then what was disturbed."""
    return turns_left(plan, attempts) or repeats(plan, attempts)


def measure(
    folder: Path, manifest: Manifest, program: Program, effort: Effort, strict: bool
) -> int:
    """Measure what is not yet on record, then show it. Returns the exit status."""
    unpack(folder / CELLS)
    with LineLog(folder / CELLS) as log, StopRequest() as stop:
        if log.unlocked:
            print(f"{log.unlocked}: start no second run on this folder", file=sys.stderr)
        if log.repair():
            print("the last line of the records was torn: its repetition is measured again")
        attempts = read_attempts(folder / CELLS, manifest.plan.cells)
        # What was found of the host before a run went on holds even if it never ends.
        _set_status(folder, manifest, manifests.INTERRUPTED)
        process = CellProcess(program, manifest.plan, folder / _SCRATCH, stop, strict)
        try:
            _measure(attempts, manifest.plan, process, log, effort)
            if not stop.received:
                pack(folder / CELLS)
        except HostError:
            # On a full disk the status may stay as it was, and the reason must not.
            with suppress(HostError):
                _set_status(folder, manifest, manifests.FAILED)
            raise
        finally:
            shutil.rmtree(folder / _SCRATCH, ignore_errors=True)
        if stop.received:
            _say_resume(folder)
            return stop.exit_status
    # Also one whose repetition has another attempt to count: a row that fails may not go unseen.
    failed = [record for record in attempts if record.failure is not None]
    counting = that_count(attempts)
    google_benchmark.write(folder, manifest, counting)
    _set_status(folder, manifest, manifests.FAILED if failed else manifests.COMPLETE)
    _show_outcome(folder, counting, failed)
    return 1 if failed else 0


def _measure(
    attempts: list[Record], plan: RunPlan, process: CellProcess, log: LineLog, effort: Effort
) -> None:
    turns = _next_turns(plan, attempts)
    total = len(attempts) + len(turns)
    with RunProgress(total, len(attempts), effort.repetition, effort.once) as progress:
        while turns:
            for done, turn in enumerate(turns):
                if attempts and _too_late(turns[done:], turns[:done], effort):
                    progress.say(_left_undone(turns[done:]))
                    return
                progress.begin(turn.cell)
                line = process.measure(turn)
                if line is None:
                    return
                log.append(line.text)
                attempts.append(line.record)
                progress.end(turn.cell, line.record.failure)
            turns = _next_turns(plan, attempts)
            progress.extend(len(turns))


def _too_late(left: Sequence[Turn], done: Sequence[Turn], effort: Effort) -> bool:
    """Whether the budget has no time for the next turn. A round of all cells is begun as a whole:
    each then has as many repetitions as any other."""
    turn = left[0]
    if turn.attempt == 0 and done and done[-1].repetition == turn.repetition:
        return False
    ahead = sum(1 for t in left if t[1:] == turn[1:]) if turn.attempt == 0 else 1
    return time.monotonic() + ahead * effort.repetition > effort.deadline


def _left_undone(turns: Sequence[Turn]) -> str:
    return f"the budget is used up: {units.count(len(turns), 'repetition')} left out"


def _set_status(folder: Path, manifest: Manifest, status: str) -> None:
    manifests.write(folder / RUN_JSON, replace(manifest, status=status))


def _say_resume(folder: Path) -> None:
    records = read_records(folder / CELLS)
    if not records:
        print("stopped before a repetition ended: nothing is kept", file=sys.stderr)
        return
    kept = units.count(len(records), "repetition")
    command = shlex.join(["./scripts/run", "--resume", display(folder)])
    print(f"stopped; {kept} kept. Go on with:\n  {command}", file=sys.stderr)


def _show_outcome(folder: Path, records: Sequence[Record], failed: Sequence[Record]) -> None:
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


_LOG_EVERY_SECONDS = 10.0
_FAILURE_LENGTH = 200


class _Bar:
    """Drawn over and over in one line of a terminal. Raises ImportError where rich is missing."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        one_line = Column(no_wrap=True, overflow="ellipsis")
        self.progress = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.description}", markup=False, table_column=one_line),
            console=Console(stderr=True),
            auto_refresh=False,
        )
        self._task = self.progress.add_task("", left="")

    def show(self, done: int, total: int, left: str, text: str) -> None:
        self.progress.update(
            self._task, completed=done, total=total, left=left, description=text, refresh=True
        )

    def say(self, text: str) -> None:
        self.progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _bar() -> _Bar | None:
    """None where nobody watches, or on a bare host: lines will do there."""
    try:
        return _Bar() if sys.stderr.isatty() else None
    except ImportError:
        return None


class RunProgress:
    def __init__(self, total: int, done: int, seconds_each: float, seconds_after: float) -> None:
        self._total = total
        self._done = done
        self._failed = 0
        self._after = seconds_after
        # The estimate counts as one repetition among those that were seen.
        self._measured = 1
        self._spent = seconds_each
        self._started = time.monotonic()
        self._logged = 0.0
        self._bar = _bar()

    def __enter__(self) -> RunProgress:
        if self._bar:
            self._bar.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.progress.stop()

    def extend(self, repetitions: int) -> None:
        """So many more than was known at the start."""
        self._total += repetitions

    def _left(self) -> float:
        each = self._spent / self._measured
        return each * (self._total - self._done) + self._after

    def begin(self, cell: Cell) -> None:
        self._started = time.monotonic()
        left = f"{units.clock(self._left())} left"
        if self._failed:
            left += f", {self._failed} failed"
        if self._bar:
            self._bar.show(self._done, self._total, left, cell.name)
        elif self._started - self._logged >= _LOG_EVERY_SECONDS:
            self._logged = self._started
            self.say(f"{self._done}/{self._total}  {left}  {cell.name}")

    def end(self, cell: Cell, failure: str | None) -> None:
        self._spent += time.monotonic() - self._started
        self._measured += 1
        self._done += 1
        if failure is not None:
            self._failed += 1
            self.say(f"failed: {cell.name}: {failure[:_FAILURE_LENGTH]}")
        if self._bar and self._done == self._total:
            self._bar.show(self._done, self._total, "measured", "")

    def say(self, text: str) -> None:
        if self._bar:
            self._bar.say(text)
        else:
            print(text, file=sys.stderr, flush=True)
