"""Which variables of the caller's reach the programs that are started here; environment.txt says.

What draws is set apart from the user's own settings for it, too.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".txt")


def _chosen(*decisions: str) -> dict[str, str]:
    lines = [line.split() for line in _TABLE.read_text(encoding="utf-8").splitlines()]
    patterns = [name for line in lines if line and line[0] in decisions for name in line[1:]]
    return {
        name: value
        for name, value in os.environ.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def of_programs() -> dict[str, str]:
    """For what measures or simulates, and for git."""
    return _chosen("keep", "record")


def recorded() -> dict[str, str]:
    """Those that can change the numbers."""
    return dict(sorted(_chosen("record").items()))


def _reads_settings_here() -> bool:
    try:
        return os.path.exists(os.path.join(os.getcwd(), "matplotlibrc"))
    except FileNotFoundError:
        # The current directory was deleted, and matplotlib would fail to look into it.
        return True


def shield_charts() -> None:
    """matplotlib obeys the user's settings for it, and above all those in the current directory."""
    os.environ.update(MATPLOTLIBRC=os.devnull, MPLBACKEND="agg")
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    if not _reads_settings_here():
        return
    here = os.open(".", os.O_PATH)
    os.chdir(_TABLE.parent)
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        # Not every command draws.
        pass
    finally:
        os.fchdir(here)
        os.close(here)
