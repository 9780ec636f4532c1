"""What measures: the clock and the performance counters."""

from __future__ import annotations

from limiterbench.doctor.host import Host
from limiterbench.records.finding import FAIL, OK, UNKNOWN, WARN, Finding

_CLOCKS = "sys/devices/system/clocksource/clocksource0"
_NOT_BY_COUNTER = "timed by clock_gettime, not by the CPU's counter"
# Read through a device or not finer than a tick, never in user space.
_SLOW_CLOCKS = ("hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies")
_CAP_SYS_ADMIN = 21
_CAP_PERFMON = 38
_OWN_CODE_ALLOWED = 2


def clock_source(host: Host) -> Finding:
    check = "clock source"
    current = host.text(f"{_CLOCKS}/current_clocksource")
    if not current:
        return Finding(check, UNKNOWN, "the clock source is not shown here")
    listed = (host.text(f"{_CLOCKS}/available_clocksource") or "").split()
    flags = host.cpu_flags()
    switch = f"echo tsc | sudo tee /{_CLOCKS}/current_clocksource"
    if current in _SLOW_CLOCKS and "tsc" not in listed:
        seen = f"clock source {current}: a reading costs more than a decision"
        return Finding(check, FAIL, f"{seen}, and the kernel distrusts the TSC", _MEND_TSC)
    if flags is None:
        return Finding(check, OK, f"clock source {current}")
    if "tsc" not in listed:
        seen = f"clock source {current}, and the kernel does not trust the TSC"
        return Finding(check, WARN, f"{seen}: {_NOT_BY_COUNTER}", _MEND_TSC)
    if not {"constant_tsc", "nonstop_tsc"} <= set(flags):
        seen = f"the TSC changes its rate or stops: {_NOT_BY_COUNTER}"
        return Finding(check, WARN, seen, "take a processor with constant_tsc and nonstop_tsc")
    if current != "tsc":
        return Finding(check, WARN, f"clock source {current}, though there is a TSC", switch)
    return Finding(check, OK, "clock source tsc, invariant")


_MEND_TSC = "`dmesg | grep -i tsc` says why; where firmware is to blame, boot with tsc=reliable"


def _counts_cpu_events(host: Host) -> bool:
    """Hybrid and Arm processors have their counters under other names."""
    names = ("cpu", "cpu_core", "armv8_*")
    return any(any(host.root.glob(f"sys/bus/event_source/devices/{name}")) for name in names)


def perf_events(host: Host) -> Finding:
    check = "perf events"
    level = host.number("proc/sys/kernel/perf_event_paranoid")
    if level is None:
        return Finding(check, UNKNOWN, "whether performance counters are allowed is not shown")
    if not _counts_cpu_events(host):
        advice = "take a bare machine, or a virtual one that passes the counters through"
        return Finding(check, WARN, "the CPU's performance counters are hidden", advice)
    if host.may(_CAP_PERFMON) or host.may(_CAP_SYS_ADMIN) or level <= _OWN_CODE_ALLOWED:
        return Finding(check, OK, "performance counters are allowed")
    seen = f"perf_event_paranoid {level} forbids performance counters"
    return Finding(check, WARN, seen, f"sudo sysctl kernel.perf_event_paranoid={_OWN_CODE_ALLOWED}")
