"""All checks, by how much they spoil: what is listed first is named first."""

from __future__ import annotations

from typing import Callable

from limiterbench.doctor import machine, neighbours
from limiterbench.doctor.host import Host
from limiterbench.records.finding import Finding

CHECKS: tuple[Callable[[Host], Finding], ...] = (
    neighbours.quota,
    neighbours.load,
    neighbours.steal,
    machine.clock_source,
    neighbours.virtualisation,
    machine.governor,
    machine.turbo,
    machine.numa_balancing,
    machine.idle_states,
    neighbours.siblings,
    neighbours.cpuset,
    machine.huge_pages,
    neighbours.isolation,
    machine.perf_events,
    machine.memory_lock,
)


def examine(host: Host) -> list[Finding]:
    return [check(host) for check in CHECKS]
