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
    # All flags begin alike, which makes none of them near.
    bare = {each.lstrip("-"): each for each in valid}
    close = difflib.get_close_matches(name.lstrip("-"), bare, n=1, cutoff=0.6)
    return f"; did you mean {bare[close[0]]}?" if close else ""
