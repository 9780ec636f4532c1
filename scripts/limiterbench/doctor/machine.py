"""How the machine is set: its clock and counters, the speed of its cores, its memory."""

from __future__ import annotations

import re

from limiterbench.doctor.host import CPU, Host, Seen, cpu_list
from limiterbench.records.finding import FAIL, OK, UNKNOWN, WARN

_CLOCKS = "sys/devices/system/clocksource/clocksource0"
_NOT_BY_COUNTER = "timed by clock_gettime, not by the CPU's counter"
# Read through a device or not finer than a tick, never in user space.
_SLOW_CLOCKS = ("hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies")
_CAP_SYS_ADMIN = 21
_CAP_PERFMON = 38
_OWN_CODE_ALLOWED = 2


def clock_source(host: Host) -> Seen:
    current = host.text(f"{_CLOCKS}/current_clocksource")
    if not current:
        return UNKNOWN, "the clock source is not shown here"
    listed = (host.text(f"{_CLOCKS}/available_clocksource") or "").split()
    flags = host.cpu_flags()
    switch = f"echo tsc | sudo tee /{_CLOCKS}/current_clocksource"
    if current in _SLOW_CLOCKS and "tsc" not in listed:
        seen = f"clock source {current}: a reading costs more than a decision"
        return FAIL, f"{seen}, and the kernel distrusts the TSC", _MEND_TSC
    if flags is None:
        return OK, f"clock source {current}"
    if "tsc" not in listed:
        seen = f"clock source {current}, and the kernel does not trust the TSC"
        return WARN, f"{seen}: {_NOT_BY_COUNTER}", _MEND_TSC
    if not {"constant_tsc", "nonstop_tsc"} <= set(flags):
        seen = f"the TSC changes its rate or stops: {_NOT_BY_COUNTER}"
        return WARN, seen, "take a processor with constant_tsc and nonstop_tsc"
    if current != "tsc":
        return WARN, f"clock source {current}, though there is a TSC", switch
    return OK, "clock source tsc, invariant"


_MEND_TSC = "`dmesg | grep -i tsc` says why; where firmware is to blame, boot with tsc=reliable"


def _counts_cpu_events(host: Host) -> bool:
    """Hybrid and Arm processors have their counters under other names."""
    names = ("cpu", "cpu_core", "armv8_*")
    return any(any(host.root.glob(f"sys/bus/event_source/devices/{name}")) for name in names)


def perf_events(host: Host) -> Seen:
    level = host.number("proc/sys/kernel/perf_event_paranoid")
    if level is None:
        return UNKNOWN, "whether performance counters are allowed is not shown"
    if not _counts_cpu_events(host):
        advice = "take a bare machine, or a virtual one that passes the counters through"
        return WARN, "the CPU's performance counters are hidden", advice
    if host.may(_CAP_PERFMON) or host.may(_CAP_SYS_ADMIN) or level <= _OWN_CODE_ALLOWED:
        return OK, "performance counters are allowed"
    seen = f"perf_event_paranoid {level} forbids performance counters"
    return WARN, seen, f"sudo sysctl kernel.perf_event_paranoid={_OWN_CODE_ALLOWED}"


# Waking from a deeper state takes longer than most decisions' p99.
_SHALLOW_MICROSECONDS = 10


def governor(host: Host) -> Seen:
    names = sorted(set(host.texts(f"{CPU}/cpufreq/policy*/scaling_governor")))
    if not names:
        return UNKNOWN, "no frequency governor is shown here"
    seen = f"frequency governor {', '.join(names)}"
    if names == ["performance"]:
        return OK, seen
    advice = "sudo cpupower frequency-set -g performance"
    return WARN, f"{seen}: cores change speed as they please", advice


def turbo(host: Host) -> Seen:
    switches = ((f"{CPU}/intel_pstate/no_turbo", "0", "1"), (f"{CPU}/cpufreq/boost", "1", "0"))
    for path, on, off in switches:
        value = host.text(path)
        if value == off:
            return OK, "turbo is off"
        if value == on:
            seen = "turbo is on: fewer busy cores run faster than many"
            return WARN, seen, f"echo {off} | sudo tee /{path}"
    return UNKNOWN, "no switch for turbo is shown here"


def _states(host: Host) -> list[tuple[int, str]]:
    """Latency in microseconds and name of all enabled idle states."""
    found = []
    for folder in host.root.glob(f"{CPU}/cpu[0-9]*/cpuidle/state*"):
        path = str(folder.relative_to(host.root))
        latency = host.number(f"{path}/latency")
        if latency is not None and host.text(f"{path}/disable") != "1":
            found.append((latency, host.text(f"{path}/name") or folder.name))
    return found


def idle_states(host: Host) -> Seen:
    states = _states(host)
    driver = host.text(f"{CPU}/cpuidle/current_driver")
    if driver == "haltpoll":
        seen = "idle CPUs halt; how deep the hypervisor lets them sleep is not shown"
        return UNKNOWN, seen
    if not states:
        return UNKNOWN, f"no idle states are listed (driver {driver or 'unknown'})"
    latency, name = max(states)
    seen = f"the deepest idle state, {name}, takes {latency} µs to wake from"
    if latency <= _SHALLOW_MICROSECONDS:
        return OK, seen
    return WARN, seen, f"sudo cpupower idle-set -D {_SHALLOW_MICROSECONDS}"


_CAP_IPC_LOCK = 14
_ENOUGH_BYTES = 64 << 20


def _nodes(host: Host) -> int:
    """How many have memory that this process may use; 0 where that is not shown."""
    allowed = host.field("proc/self/status", "Mems_allowed_list")
    listed = allowed or host.text("sys/devices/system/node/has_memory")
    return len(cpu_list(listed or host.text("sys/devices/system/node/online") or ""))


def numa_balancing(host: Host) -> Seen:
    nodes = _nodes(host)
    if nodes == 1:
        return OK, "one NUMA node with memory to use: nothing to balance"
    mode = host.number("proc/sys/kernel/numa_balancing")
    if mode is None:
        return UNKNOWN, "NUMA balancing is not shown here"
    if mode == 0:
        return OK, "NUMA balancing is off"
    if not nodes:
        return UNKNOWN, "NUMA balancing is on; the nodes are not shown here"
    seen = f"NUMA balancing moves pages between {nodes} nodes"
    return WARN, seen, "sudo sysctl kernel.numa_balancing=0"


def huge_pages(host: Host) -> Seen:
    path = "sys/kernel/mm/transparent_hugepage/enabled"
    chosen = re.search(r"\[(\w+)\]", host.text(path) or "")
    if chosen is None:
        return UNKNOWN, "transparent huge pages are not shown here"
    seen = f"transparent huge pages: {chosen[1]}"
    if chosen[1] == "always":
        seen += ", so the kernel merges pages when it likes"
        return WARN, seen, f"echo madvise | sudo tee /{path}"
    return OK, seen


def memory_lock(host: Host) -> Seen:
    limit = re.search(
        r"^Max locked memory +(\d+|unlimited)", host.text("proc/self/limits") or "", re.M
    )
    if limit is None:
        return UNKNOWN, "the limit on locked memory cannot be read"
    if host.may(_CAP_IPC_LOCK) or limit[1] == "unlimited":
        return OK, "any amount of memory may be locked"
    seen = f"{int(limit[1]) >> 10:,} KiB of memory may be locked"
    if int(limit[1]) >= _ENOUGH_BYTES:
        return OK, seen
    advice = "ulimit -l unlimited, after raising memlock in /etc/security/limits.conf"
    return WARN, f"only {seen}: pages may fault in the middle", advice
