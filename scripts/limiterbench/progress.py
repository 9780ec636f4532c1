"""How far a run is, how long it still takes, and the cell under way.

Drawn only between two cells: nothing here runs while one is being measured.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Optional, Type

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from limiterbench import units
from limiterbench.cells import Cell

_LOG_EVERY_SECONDS = 10.0
_FAILURE_LENGTH = 200
_ONE_LINE = Column(no_wrap=True, overflow="ellipsis")


class RunProgress:
    def __init__(self, total: int, done: int, seconds_each: float, console: Console) -> None:
        self._total = total
        self._done = done
        self._failed = 0
        self._expected = seconds_each
        self._measured = 0
        self._spent = 0.0
        self._started = time.monotonic()
        self._logged = 0.0
        self._console = console
        self._bar: Optional[Progress] = None
        self._task: Optional[TaskID] = None
        if console.is_terminal:
            self._bar = Progress(
                BarColumn(bar_width=20),
                TextColumn("{task.completed}/{task.total}"),
                TextColumn("{task.fields[left]}"),
                TextColumn("{task.description}", markup=False, table_column=_ONE_LINE),
                console=console,
                auto_refresh=False,
            )
            self._task = self._bar.add_task("", total=total, completed=done, left="")

    def __enter__(self) -> "RunProgress":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._bar:
            self._bar.stop()

    def extend(self, repetitions: int) -> None:
        """So many more than was known at the start."""
        self._total += repetitions
        if self._bar and self._task is not None:
            self._bar.update(self._task, total=self._total)

    def _left(self) -> float:
        each = self._spent / self._measured if self._measured else self._expected
        return each * (self._total - self._done)

    def begin(self, cell: Cell) -> None:
        self._started = time.monotonic()
        left = f"{units.clock(self._left())} left"
        if self._failed:
            left += f", {self._failed} failed"
        if self._bar and self._task is not None:
            self._bar.update(self._task, description=cell.name, left=left, refresh=True)
        elif self._started - self._logged >= _LOG_EVERY_SECONDS:
            self._logged = self._started
            self._say(f"{self._done}/{self._total}  {left}  {cell.name}")

    def end(self, cell: Cell, failure: Optional[str]) -> None:
        self._spent += time.monotonic() - self._started
        self._measured += 1
        self._done += 1
        if failure is not None:
            self._failed += 1
            self._say(f"failed: {cell.name}: {failure[:_FAILURE_LENGTH]}")
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._done)
            if self._done == self._total:
                self._bar.update(self._task, description="", left="done", refresh=True)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
