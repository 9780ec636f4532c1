"""Ctrl-C and termination: noted at once, acted on between two steps, never in the middle."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType
from typing import Any

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
