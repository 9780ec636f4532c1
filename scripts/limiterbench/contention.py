"""`contention.json`: what it costs a host to move a cache line, and to share one."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional

from limiterbench.errors import HostError, InputError
from limiterbench.fields import BadField, Fields, parse_object
from limiterbench.files import display, replace_text
from limiterbench.program import Program

CONTENTION = "contention.json"

# A host of 64 CPUs takes some ten seconds: longer, and it is not worth the wait.
LONGEST_SECONDS = 30.0


class Transfer(NamedTuple):
    a: int
    b: int
    one_way_ns: float


class Sharing(NamedTuple):
    placement: str
    threads: int
    aggregate_ns: float
    """Of wall time for each increment of any thread."""


class Contention(NamedTuple):
    pairs: int
    """That the host has; more than there are transfers if they were sampled."""
    transfers: List[Transfer]
    sharings: List[Sharing]


def _parse(fields: Fields) -> Contention:
    return Contention(
        fields.integer("pairs"),
        [
            Transfer(entry.integer("a"), entry.integer("b"), entry.number("one_way_ns"))
            for entry in fields.objects("transfers")
        ],
        [
            Sharing(
                entry.text("placement"),
                entry.integer("threads", at_least=1),
                entry.number("aggregate_ns"),
            )
            for entry in fields.objects("sharings")
        ],
    )


def read_contention(path: Path) -> Optional[Contention]:
    """None if the host's contention was not measured. Raises InputError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{display(path)}: {getattr(error, 'strerror', 'not UTF-8')}") from None
    try:
        return _parse(parse_object(text))
    except BadField as error:
        raise InputError(f"{display(path)}: {error}") from None


def measure(program: Program, folder: Path) -> Optional[str]:
    """Writes contention.json, as the program prints it. Returns why, if that cannot be."""
    try:
        text = program.ask("--contention_map=json", seconds=LONGEST_SECONDS)
        _parse(parse_object(text))
    except (HostError, InputError) as error:
        return str(error).splitlines()[0]
    except BadField as error:
        return f"the program's contention map cannot be used: {error}"
    replace_text(folder / CONTENTION, text)
    return None
