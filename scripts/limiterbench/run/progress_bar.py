"""A run's progress as a bar that is drawn over and over in one line of a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

_ONE_LINE = Column(no_wrap=True, overflow="ellipsis")


class ProgressBar:
    def __init__(self) -> None:
        self._bar = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.description}", markup=False, table_column=_ONE_LINE),
            console=Console(stderr=True),
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", left="")

    def start(self) -> None:
        self._bar.start()

    def stop(self) -> None:
        self._bar.stop()

    def show(self, done: int, total: int, left: str, text: str) -> None:
        self._bar.update(
            self._task, completed=done, total=total, left=left, description=text, refresh=True
        )

    def say(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
