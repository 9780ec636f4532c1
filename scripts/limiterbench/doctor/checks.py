"""All checks, by how much they spoil: what is listed first is named first."""

from __future__ import annotations

from typing import Callable

from limiterbench.doctor import machine, neighbours
from limiterbench.doctor.host import Host, Seen
from limiterbench.records.finding import Finding

CHECKS: dict[str, Callable[[Host], Seen]] = {
    "CPU quota": neighbours.quota,
    "load": neighbours.load,
    "steal": neighbours.steal,
    "clock source": machine.clock_source,
    "virtualisation": neighbours.virtualisation,
    "governor": machine.governor,
    "turbo": machine.turbo,
    "NUMA balancing": machine.numa_balancing,
    "C-states": machine.idle_states,
    "SMT": neighbours.siblings,
    "cpuset": neighbours.cpuset,
    "huge pages": machine.huge_pages,
    "isolated CPUs": neighbours.isolation,
    "perf events": machine.perf_events,
    "memory locking": machine.memory_lock,
}


def examine(host: Host) -> list[Finding]:
    return [Finding(name, *check(host)) for name, check in CHECKS.items()]
