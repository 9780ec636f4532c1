"""The name of a cell: `limiter/scenario/placement/threads:N`."""

from __future__ import annotations

import re
from typing import NamedTuple

_PATTERN = re.compile(r"([^/\s]+)/([^/\s]+)/([^/\s]+)/threads:([1-9][0-9]*)")


class Cell(NamedTuple):
    limiter: str
    scenario: str
    placement: str
    threads: int

    @property
    def name(self) -> str:
        return f"{self.limiter}/{self.scenario}/{self.placement}/threads:{self.threads}"


def parse_cell(name: str) -> Cell | None:
    match = _PATTERN.fullmatch(name)
    if match is None:
        return None
    limiter, scenario, placement, threads = match.groups()
    return Cell(limiter, scenario, placement, int(threads))
