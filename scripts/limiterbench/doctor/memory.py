"""What moves pages about, and how much memory may be held in place."""

from __future__ import annotations

import re

from limiterbench.doctor.host import Host, cpu_list
from limiterbench.records.finding import OK, UNKNOWN, WARN, Finding

_CAP_IPC_LOCK = 14
_ENOUGH_BYTES = 64 << 20


def _nodes(host: Host) -> int:
    """How many have memory that this process may use; 0 where that is not shown."""
    allowed = host.field("proc/self/status", "Mems_allowed_list")
    listed = allowed or host.text("sys/devices/system/node/has_memory")
    return len(cpu_list(listed or host.text("sys/devices/system/node/online") or ""))


def numa_balancing(host: Host) -> Finding:
    check = "NUMA balancing"
    nodes = _nodes(host)
    if nodes == 1:
        return Finding(check, OK, "one NUMA node with memory to use: nothing to balance")
    mode = host.number("proc/sys/kernel/numa_balancing")
    if mode is None:
        return Finding(check, UNKNOWN, "NUMA balancing is not shown here")
    if mode == 0:
        return Finding(check, OK, "NUMA balancing is off")
    if not nodes:
        return Finding(check, UNKNOWN, "NUMA balancing is on; the nodes are not shown here")
    seen = f"NUMA balancing moves pages between {nodes} nodes"
    return Finding(check, WARN, seen, "sudo sysctl kernel.numa_balancing=0")


def huge_pages(host: Host) -> Finding:
    check = "huge pages"
    path = "sys/kernel/mm/transparent_hugepage/enabled"
    chosen = re.search(r"\[(\w+)\]", host.text(path) or "")
    if chosen is None:
        return Finding(check, UNKNOWN, "transparent huge pages are not shown here")
    seen = f"transparent huge pages: {chosen[1]}"
    if chosen[1] == "always":
        seen += ", so the kernel merges pages when it likes"
        return Finding(check, WARN, seen, f"echo madvise | sudo tee /{path}")
    return Finding(check, OK, seen)


def memory_lock(host: Host) -> Finding:
    check = "memory locking"
    limit = re.search(
        r"^Max locked memory +(\d+|unlimited)", host.text("proc/self/limits") or "", re.M
    )
    if limit is None:
        return Finding(check, UNKNOWN, "the limit on locked memory cannot be read")
    if host.may(_CAP_IPC_LOCK) or limit[1] == "unlimited":
        return Finding(check, OK, "any amount of memory may be locked")
    seen = f"{int(limit[1]) >> 10:,} KiB of memory may be locked"
    if int(limit[1]) >= _ENOUGH_BYTES:
        return Finding(check, OK, seen)
    advice = "ulimit -l unlimited, after raising memlock in /etc/security/limits.conf"
    return Finding(check, WARN, f"only {seen}: pages may fault in the middle", advice)
