"""The program's layouts: linked from the same objects, with the functions in other places.

What a design takes must not depend on where the linker put it. Repetition i of every cell is
measured by layout i modulo their number, so the spread over repetitions includes theirs.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.run import effort
from limiterbench.run.program import Program

# Linking two more takes seconds.
USUAL = 3


class Layouts(NamedTuple):
    number: int
    absent: Optional[str] = None
    """Why there are fewer than were wanted."""


def wanted(chosen: Optional[int], repetitions: Optional[int], full: bool) -> int:
    """How many to build. Raises InputError if the repetitions cannot use so many."""
    most = repetitions or (effort.FULL_REPETITIONS if full else max(effort.QUICK_REPETITIONS))
    if chosen is not None and chosen > most:
        raise InputError(
            f"--layouts {chosen}: more than {units.count(most, 'repetition')} of a cell, each of "
            "which is measured by one"
        )
    return chosen or min(USUAL, most)


def choose(program: Program, chosen: Optional[int], repetitions: int) -> Layouts:
    most = wanted(chosen, repetitions, full=False)
    there = program.count_layouts(most)
    return Layouts(there, program.why_no_more() if there < most else None)


def require(program: Program, count: int) -> None:
    """Raises InputError if a run of so many cannot go on here."""
    there = program.count_layouts(count)
    if there < count:
        raise InputError(
            f"{program.path}: the run needs {count} layouts of it, here are {there}: "
            f"{program.why_no_more()}"
        )
