"""The measuring program: where it is, what it says about itself, how one cell is asked for."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, Sequence

from limiterbench.common import environment
from limiterbench.common.errors import HostError, InputError
from limiterbench.common.limits import explain
from limiterbench.records.fields import BadField, Fields, parse_object
from limiterbench.run.request import Request
from limiterbench.run.schedule import Turn

_BAD_USAGE = 2
# The program may not bind its threads here, or cannot write records: no cell can be measured.
HOST_REFUSES = 3
# Either status, from a process asked for a planned cell, means that nothing more can be measured.
REFUSALS = (_BAD_USAGE, HOST_REFUSES)
_ANSWER_SECONDS = 60.0


class Answer(NamedTuple):
    status: int
    said: str
    errors: str


class Layouts(NamedTuple):
    """Programs linked from the same objects, with their functions in other places.

    What a design takes must not depend on where the linker put it. Repetition i of every cell is
    measured by layout i modulo their number: the spread over repetitions includes theirs.
    """

    number: int
    absent: str | None = None
    """Why there are fewer than were wanted."""


class About(NamedTuple):
    """What the program says of the host and of itself."""

    host: dict[str, object]
    timer: dict[str, object]
    versions: dict[str, object]


class Program:
    def __init__(self, path: Path, layouts: int = 1) -> None:
        """Its first `layouts` layouts measure."""
        if not os.access(path, os.X_OK) or not path.is_file():
            raise InputError(f"{path}: the program is not built")
        self.path = path.resolve()
        self._layouts = [self.path, *map(self._layout, range(1, layouts))]

    def _layout(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.layout{number}")

    def count_layouts(self, most: int) -> int:
        """How many there are beside it of the same build, itself included."""
        for number in range(1, most):
            path = self._layout(number)
            if not os.access(path, os.X_OK) or self._version(path) != self._version(self.path):
                return number
        return most

    def _version(self, path: Path) -> str:
        return Program(path).ask("--version")

    def choose_layouts(self, most: int) -> Layouts:
        there = self.count_layouts(most)
        return Layouts(there, self._why_no_more() if there < most else None)

    def require_layouts(self, count: int) -> Layouts:
        """Raises InputError if a run of so many cannot go on here."""
        there = self.count_layouts(count)
        if there < count:
            raise InputError(
                f"{self.path}: the run needs {count} layouts of it, here are {there}: "
                f"{self._why_no_more()}"
            )
        return Layouts(count)

    def _why_no_more(self) -> str:
        """The build says so where its linker cannot make any."""
        try:
            said = (self.path.parent / "layouts" / "absent").read_text(encoding="utf-8").strip()
        except OSError:
            said = ""
        return said or "no other layout of this build lies beside it"

    def digest(self) -> str:
        """What tells one build from another."""
        return hashlib.sha256(b"".join(p.read_bytes() for p in self._layouts)).hexdigest()

    def _command(self, layout: int = 0) -> list[str]:
        """A runner that is killed leaves no process behind that disturbs the next run.

        The program sees to that itself: Python code between fork and exec can deadlock where
        another thread held a lock.
        """
        return [str(self._layouts[layout]), f"--end_with={os.getpid()}"]

    def start(self, command: Sequence[str], **streams: Any) -> subprocess.Popen[Any]:
        """Raises HostError where the system starts no process."""
        try:
            return subprocess.Popen(
                command, env=environment.of_programs(), stdin=subprocess.DEVNULL, **streams
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise HostError(f"cannot start {self.path}: {explain(error)}") from None

    def ask(self, *flags: str, seconds: float = _ANSWER_SECONDS) -> str:
        """The program's answer to flags that measure no cell."""
        answer = self._answer(flags, seconds)
        if answer.status == 0:
            return answer.said
        said = answer.errors.strip().removeprefix("limiterbench: ")
        reason = said or f"exit status {answer.status}"
        if answer.status == _BAD_USAGE:
            raise InputError(reason)
        if answer.status == HOST_REFUSES:
            raise HostError(reason)
        raise HostError(f"{self.path} {' '.join(flags)}: {reason}")

    def _answer(self, flags: Sequence[str], seconds: float) -> Answer:
        command = [*self._command(), *flags]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with self.start(command, text=True, errors="replace", **pipes) as process:
            try:
                said, errors = process.communicate(timeout=seconds)
            except BaseException as error:
                process.kill()
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                asked = f"{self.path} {' '.join(flags)}"
                raise HostError(f"{asked}: no answer within {seconds:g} s") from None
        return Answer(process.returncode, said, errors)

    def about(self) -> About:
        fields = self.ask_json("--environment")
        try:
            parts = [fields.object(key) for key in ("environment", "timer", "versions")]
        except BadField as error:
            raise HostError(f"{self.path} --environment: {error}") from None
        return About(*(dict(part.values) for part in parts))

    def ask_json(self, *flags: str) -> Fields:
        text = self.ask(*flags)
        try:
            return parse_object(text)
        except BadField as error:
            raise HostError(f"{self.path} {' '.join(flags)}: {error}") from None

    def require_binding(self, request: Request) -> None:
        """Raises HostError where no cell could be measured: threads, or memory to this home, cannot
        be bound. InputError if these threads cannot send as often as is asked."""
        self.ask("--check_binding", *request.program_flags())

    def write_topology(self, path: Path) -> None:
        self.ask(f"--topology_xml={path}")

    def measure_command(self, turn: Turn, scratch: Path, settings: Sequence[str]) -> list[str]:
        flags = [
            f"--cell={turn.cell.name}",
            f"--records={scratch / 'record.jsonl'}",
            f"--repetition_index={turn.repetition}",
            f"--attempt={turn.attempt}",
        ]
        layout = turn.repetition % len(self._layouts)
        return [*self._command(layout), *flags, *settings]


def last_line(text: str) -> str:
    lines: Sequence[str] = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
