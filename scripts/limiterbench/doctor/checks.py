"""All checks, by how much they spoil: what is listed first is named first."""

from __future__ import annotations

from typing import Callable

from limiterbench.doctor import cgroup, frequency, instruments, memory, neighbours
from limiterbench.doctor.host import Host
from limiterbench.records.finding import Finding

CHECKS: tuple[Callable[[Host], Finding], ...] = (
    cgroup.quota,
    neighbours.load,
    neighbours.steal,
    instruments.clock_source,
    neighbours.virtualisation,
    frequency.governor,
    frequency.turbo,
    memory.numa_balancing,
    frequency.idle_states,
    neighbours.siblings,
    cgroup.cpuset,
    memory.huge_pages,
    neighbours.isolation,
    instruments.perf_events,
    memory.memory_lock,
)


def examine(host: Host) -> list[Finding]:
    return [check(host) for check in CHECKS]
