"""The measuring loop: one repetition after the other, each kept as soon as it has ended."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import List, Sequence

from limiterbench.common import units
from limiterbench.common.errors import HostError
from limiterbench.common.files import LineLog, display
from limiterbench.records import manifest as manifests
from limiterbench.records.manifest import Manifest, RunPlan
from limiterbench.records.records import Record, read_attempts, read_records, that_count
from limiterbench.records.run_folder import CELLS, RUN_JSON
from limiterbench.records.stored_lines import pack, unpack
from limiterbench.run.cell_process import CellProcess
from limiterbench.run.effort import Effort
from limiterbench.run.google_benchmark import BenchmarkLog
from limiterbench.run.noise import repeats
from limiterbench.run.outcome import show_outcome
from limiterbench.run.program import GOOGLE_BENCHMARK, Program
from limiterbench.run.progress import RunProgress
from limiterbench.run.schedule import Turn, interleave
from limiterbench.run.stop import StopRequest

_SCRATCH = ".cell"


def turns_left(plan: RunPlan, records: Sequence[Record]) -> List[Turn]:
    """A failed repetition is a finished one: it stays on record and is not repeated."""
    done = {Turn(record.cell, record.repetition) for record in records}
    turns = interleave(plan.cells, plan.repetitions, plan.seed)
    return [turn for turn in turns if turn not in done]


def _next_turns(plan: RunPlan, attempts: Sequence[Record]) -> List[Turn]:
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
        benchmarks = BenchmarkLog(folder)
        try:
            with benchmarks:
                _measure(attempts, manifest.plan, process, log, benchmarks, effort)
                benchmarks.merge(manifest.plan)
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
    _set_status(folder, manifest, manifests.FAILED if failed else manifests.COMPLETE)
    show_outcome(folder, that_count(attempts), failed)
    return 1 if failed else 0


def _measure(
    attempts: List[Record],
    plan: RunPlan,
    process: CellProcess,
    log: LineLog,
    benchmarks: BenchmarkLog,
    effort: Effort,
) -> None:
    turns = _next_turns(plan, attempts)
    total = len(attempts) + len(turns)
    with RunProgress(total, len(attempts), effort.repetition, effort.once) as progress:
        while turns:
            for turn in turns:
                progress.begin(turn.cell)
                line = process.measure(turn)
                if line is None:
                    return
                benchmarks.keep(turn, process.scratch / GOOGLE_BENCHMARK)
                log.append(line.text)
                attempts.append(line.record)
                progress.end(turn.cell, line.record.failure)
            turns = _next_turns(plan, attempts)
            progress.extend(len(turns))


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
