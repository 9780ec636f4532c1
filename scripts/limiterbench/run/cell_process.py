"""One repetition of one cell, in a process of its own: a crash or a hang costs only itself."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from limiterbench.common.errors import HostError
from limiterbench.records.fields import BadField
from limiterbench.records.manifest import RunPlan
from limiterbench.records.records import SCHEMA, Record, parse_record
from limiterbench.run.program import REFUSALS, Program, last_line
from limiterbench.run.schedule import Turn

# A reboot, or a stop of the whole service, reaches the process and the run in either order.
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
_STOP_COMES_WITHIN_SECONDS = 1.0
# More than what a process writes.
_ROOM_BYTES = 1 << 17


def utc_now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Ending(NamedTuple):
    status: int
    timed_out: bool
    errors: str


class Line(NamedTuple):
    """What goes into cells.jsonl."""

    text: str
    record: Record


def _settings(plan: RunPlan, strict: bool) -> list[str]:
    """Flags that are the same for every cell."""
    flags = [f"--seconds={plan.seconds:g}"]
    flags += ["--oversubscribe"] if plan.oversubscribe else []
    flags += [f"--home={plan.home}"] if plan.home else []
    flags += [f"--writer={plan.writer}"] if plan.writer else []
    flags += [f"--rates={plan.rates}"] if plan.rates else []
    return flags + (["--strict"] if strict else [])


class CellProcess:
    """Runs repetitions in a scratch folder that is emptied before each."""

    def __init__(
        self, program: Program, plan: RunPlan, scratch: Path, stop: StopRequest, strict: bool
    ) -> None:
        self._settings = _settings(plan, strict)
        self._program = program
        self._plan = plan
        self.scratch = scratch
        self._stop = stop

    def measure(self, turn: Turn) -> Line | None:
        """None if a stop was asked for: the repetition did not finish."""
        try:
            return self._measure(turn)
        except OSError as error:
            # A full disk: the repetition is not on record and is measured when the run goes on.
            raise HostError(f"{self.scratch}: {error.strerror}") from None

    def _measure(self, turn: Turn) -> Line | None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        started = utc_now()
        command = self._program.measure_command(turn, self.scratch, self._settings)
        ending = self._run(command)
        if ending is None:
            return None
        if ending.status in REFUSALS:
            raise HostError(last_line(ending.errors) or "the program refuses to measure here")
        return self._line(turn, ending, started)

    def _run(self, command: list[str]) -> Ending | None:
        errors = self.scratch / "stderr"
        alive, held = os.pipe()
        with open(errors, "wb") as stderr, open(alive, "rb"):
            try:
                process = self._program.start(
                    command,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    start_new_session=True,
                    pass_fds=(held,),
                )
            finally:
                os.close(held)
            with process:
                try:
                    finished = self._wait(alive)
                finally:
                    if process.poll() is None:
                        os.killpg(process.pid, signal.SIGKILL)
                status = process.wait()
        if self._stop.received and not finished:
            return None
        if (
            finished
            and -status in _STOPPING
            and self._stop.comes_within(_STOP_COMES_WITHIN_SECONDS)
        ):
            # What killed it says nothing of the cell, and a failure would stay on record.
            return None
        return Ending(status, not finished, errors.read_text(errors="replace"))

    def _wait(self, alive: int) -> bool:
        """Sleeps until the process ends: polling would run on a CPU that is being measured.

        `alive`: a pipe whose other end only the process holds. Its end closes it. Not every kernel
        and sandbox has pidfd_open.
        """
        deadline = time.monotonic() + self._plan.time_limit
        while not self._stop.received:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if alive in select.select([alive, self._stop.fd], [], [], left)[0]:
                return True
        return False

    def _require_room(self) -> None:
        """What failed for want of it has said nothing of the cell."""
        path = self.scratch / "room"
        path.write_bytes(bytes(_ROOM_BYTES))
        path.unlink()

    def _line(self, turn: Turn, ending: Ending, started: str) -> Line:
        path = self.scratch / "record.jsonl"
        text = path.read_text(encoding="utf-8", errors="replace").strip() if path.exists() else ""
        failure = _failure(ending, self._plan.time_limit)
        if failure is not None:
            self._require_room()
        try:
            record = _check(turn, text)
        except BadField as error:
            failure = failure or f"its record cannot be used: {error}"
            return Line(json.dumps(_failed(turn, failure, started)), Record(*turn, failure, None))
        if failure is not None and record.failure is None:
            # Measured well, then died: the numbers are kept, the cell is not trusted.
            values = json.loads(text)
            values.update(status="failed", failure=failure)
            return Line(json.dumps(values), Record(*turn, failure, None))
        return Line(text, record)


def _check(turn: Turn, text: str) -> Record:
    if not text:
        raise BadField("none was written")
    if "\n" in text:
        raise BadField("more than one line")
    record = parse_record(text)
    if (record.cell, record.repetition, record.attempt) != turn:
        raise BadField(
            f"it is of {record.cell.name}, repetition {record.repetition}, "
            f"attempt {record.attempt}"
        )
    return record


def _failure(ending: Ending, time_limit: float) -> str | None:
    if ending.timed_out:
        return f"exceeded the time limit of {time_limit:g} s"
    if ending.status < 0:
        try:
            name = signal.Signals(-ending.status).name
        except ValueError:
            name = "unknown"
        return f"killed by signal {-ending.status} ({name})"
    if ending.status > 0:
        said = last_line(ending.errors)
        return f"exit status {ending.status}" + (f": {said}" if said else "")
    return None


def _failed(turn: Turn, failure: str, started: str) -> dict[str, object]:
    cell = turn.cell
    return {
        "schema": SCHEMA,
        "cell": cell.name,
        **cell._asdict(),
        "repetition": turn.repetition,
        "attempt": turn.attempt,
        "status": "failed",
        "failure": failure,
        "started_utc": started,
    }


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """While entered, the signals only set `received` and make `fd` readable."""

    def __init__(self) -> None:
        self.received: int | None = None
        self.fd, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._previous: dict[int, Any] = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = self.received or number
        try:
            os.write(self._wake, b"!")
        except BlockingIOError:
            pass  # full: it is readable already

    def __enter__(self) -> StopRequest:
        for number in _SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup: the run outlives its terminal
            self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        os.close(self.fd)
        os.close(self._wake)

    def comes_within(self, seconds: float) -> bool:
        """Whether one has been asked for, or is in that time."""
        if not self.received:
            select.select([self.fd], [], [], seconds)
        return self.received is not None

    @property
    def exit_status(self) -> int:
        return 128 + (self.received or 0)
