"""What changes a core's speed, or wakes it late."""

from __future__ import annotations


from limiterbench.doctor.host import Host
from limiterbench.records.finding import OK, UNKNOWN, WARN, Finding

_CPU = "sys/devices/system/cpu"
# Waking from a deeper state takes longer than most decisions' p99.
_SHALLOW_MICROSECONDS = 10


def governor(host: Host) -> Finding:
    check = "governor"
    names = sorted(set(host.texts(f"{_CPU}/cpufreq/policy*/scaling_governor")))
    if not names:
        return Finding(check, UNKNOWN, "no frequency governor is shown here")
    seen = f"frequency governor {', '.join(names)}"
    if names == ["performance"]:
        return Finding(check, OK, seen)
    advice = "sudo cpupower frequency-set -g performance"
    return Finding(check, WARN, f"{seen}: cores change speed as they please", advice)


def turbo(host: Host) -> Finding:
    check = "turbo"
    switches = ((f"{_CPU}/intel_pstate/no_turbo", "0", "1"), (f"{_CPU}/cpufreq/boost", "1", "0"))
    for path, on, off in switches:
        value = host.text(path)
        if value == off:
            return Finding(check, OK, "turbo is off")
        if value == on:
            seen = "turbo is on: fewer busy cores run faster than many"
            return Finding(check, WARN, seen, f"echo {off} | sudo tee /{path}")
    return Finding(check, UNKNOWN, "no switch for turbo is shown here")


def _states(host: Host) -> list[tuple[int, str]]:
    """Latency in microseconds and name of all enabled idle states."""
    found = []
    for folder in host.root.glob(f"{_CPU}/cpu[0-9]*/cpuidle/state*"):
        path = str(folder.relative_to(host.root))
        latency = host.number(f"{path}/latency")
        if latency is not None and host.text(f"{path}/disable") != "1":
            found.append((latency, host.text(f"{path}/name") or folder.name))
    return found


def idle_states(host: Host) -> Finding:
    check = "C-states"
    states = _states(host)
    driver = host.text(f"{_CPU}/cpuidle/current_driver")
    if driver == "haltpoll":
        seen = "idle CPUs halt; how deep the hypervisor lets them sleep is not shown"
        return Finding(check, UNKNOWN, seen)
    if not states:
        return Finding(check, UNKNOWN, f"no idle states are listed (driver {driver or 'unknown'})")
    latency, name = max(states)
    seen = f"the deepest idle state, {name}, takes {latency} µs to wake from"
    if latency <= _SHALLOW_MICROSECONDS:
        return Finding(check, OK, seen)
    return Finding(check, WARN, seen, f"sudo cpupower idle-set -D {_SHALLOW_MICROSECONDS}")
