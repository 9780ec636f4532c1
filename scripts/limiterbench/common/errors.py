"""What a user did wrong: reported in one line, never as a stack trace."""

from __future__ import annotations

import difflib
from typing import Iterable


class InputError(Exception):
    """Bad input. The command ends with exit status 2 and this text."""


class HostError(Exception):
    """The host or the program cannot do what was asked. Exit status 1 and this text."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """A sentence that suggests the valid name most like `name`, or nothing."""
    close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
