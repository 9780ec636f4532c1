"""How far a run is, how long it still takes, and the cell under way.

Drawn only between two cells: nothing here runs while one is being measured.
"""

from __future__ import annotations

import sys
import time

from limiterbench.common import units
from limiterbench.records.cells import Cell

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
            self._say(f"{self._done}/{self._total}  {left}  {cell.name}")

    def end(self, cell: Cell, failure: str | None) -> None:
        self._spent += time.monotonic() - self._started
        self._measured += 1
        self._done += 1
        if failure is not None:
            self._failed += 1
            self._say(f"failed: {cell.name}: {failure[:_FAILURE_LENGTH]}")
        if self._bar and self._done == self._total:
            self._bar.show(self._done, self._total, "measured", "")

    def _say(self, text: str) -> None:
        if self._bar:
            self._bar.say(text)
        else:
            print(text, file=sys.stderr, flush=True)
