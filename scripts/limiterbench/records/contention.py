"""`contention.json`: what it costs a host to move a cache line, and to share one."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from limiterbench.records import schema
from limiterbench.records.fields import Fields, parse_file

CONTENTION = "contention.json"


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
    transfers: list[Transfer]
    sharings: list[Sharing]


def parse(fields: Fields) -> Contention:
    schema.check("contention", fields.values)
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


def read_contention(path: Path) -> Contention | None:
    """None if the host's contention was not measured. Raises InputError."""
    return parse_file(path, parse) if path.exists() else None
