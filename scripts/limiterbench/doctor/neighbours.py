"""Who else uses the CPUs: other work, other guests, the sibling, the kernel."""

from __future__ import annotations


from limiterbench.doctor.host import Host, cpu_list, stolen_since_boot, usage
from limiterbench.records.finding import FAIL, OK, UNKNOWN, WARN, Finding

_CPU = "sys/devices/system/cpu"
_QUIET_CPUS = 0.1
_QUIET_LOAD = 0.5
_MUCH_STOLEN = 0.1


def _load_average(host: Host) -> float | None:
    words = (host.text("proc/loadavg") or "").split()
    try:
        return float(words[0])
    except (IndexError, ValueError):
        return None


def load(host: Host) -> Finding:
    check = "load"
    used, cpus, team = usage(host), len(host.allowed()), host.team()
    if used is None:
        return _load_by_average(host)
    seen = f"other work keeps {used.busy:.2f} of {cpus} CPUs busy"
    taken = team - (cpus - used.busy)
    advice = "end it or wait; `top` names it"
    # Half a CPU, or a twentieth of many, no longer passes for noise.
    if taken > max(0.5, team / 20):
        return Finding(check, FAIL, f"{seen}, {team} are measured", advice)
    if used.busy > _QUIET_CPUS:
        return Finding(check, WARN, seen, advice)
    return Finding(check, OK, seen)


def _load_by_average(host: Host) -> Finding:
    average = _load_average(host)
    if average is None:
        return Finding("load", UNKNOWN, "neither the CPUs' times nor the load can be read")
    seen = f"load average {average:g}"
    if average > _QUIET_LOAD:
        return Finding("load", WARN, f"{seen}: other work is running", "end it; `top` names it")
    return Finding("load", OK, seen)


def steal(host: Host) -> Finding:
    check = "steal"
    used = usage(host)
    if used is None:
        return Finding(check, UNKNOWN, "the CPUs' times cannot be read")
    share = used.stolen / len(host.allowed())
    if share > 0:
        seen = f"the hypervisor takes {100 * share:.2g} % of the CPUs' time away"
        advice = "take dedicated CPUs or a bare machine; measure when its host is quiet"
        return Finding(check, FAIL if share >= _MUCH_STOLEN else WARN, seen, advice)
    if host.hypervisor() is not None and not stolen_since_boot(host):
        return Finding(check, UNKNOWN, "no stolen time since boot: none, or it is not reported")
    return Finding(check, OK, "no CPU time is stolen")


def virtualisation(host: Host) -> Finding:
    check = "virtualisation"
    name = host.hypervisor()
    if name is not None:
        seen = f"virtual machine{f' ({name})' if name else ''}: its host may take CPUs away unseen"
        return Finding(check, WARN, seen, "measure on a bare machine, or on dedicated CPUs")
    if host.cpu_flags() is None and host.text("sys/class/dmi/id/sys_vendor") is None:
        return Finding(check, UNKNOWN, "neither the CPU's flags nor the firmware can be read")
    return Finding(check, OK, "no hypervisor is seen")


def siblings(host: Host) -> Finding:
    active = host.text(f"{_CPU}/smt/active")
    if active == "0":
        return Finding("SMT", OK, "no core runs two threads")
    if active == "1":
        seen = "SMT is on: whatever runs on a sibling slows its core"
        return Finding("SMT", WARN, seen, f"echo off | sudo tee /{_CPU}/smt/control")
    return Finding("SMT", UNKNOWN, "whether cores run two threads is not shown here")


def isolation(host: Host) -> Finding:
    check = "isolated CPUs"
    text = host.text(f"{_CPU}/isolated")
    allowed = host.allowed()
    if text is None or not allowed:
        return Finding(check, UNKNOWN, "isolated CPUs are not shown here")
    isolated = set(cpu_list(text)) & set(allowed)
    boot = "boot with isolcpus=domain,managed_irq,LIST nohz_full=LIST"
    if text and not isolated:
        seen = f"CPUs {text} are isolated, but may not be used here"
        return Finding(check, WARN, seen, f"taskset -c {text} ./scripts/run")
    if not isolated:
        seen = "no CPU is isolated: any task or interrupt may run on it"
        return Finding(check, WARN, seen, f"{boot}, LIST all CPUs but 0")
    if len(allowed) - len(isolated) > 1:
        seen = f"{len(isolated)} of {len(allowed)} CPUs are isolated: the others are noisier"
        return Finding(check, WARN, seen, f"{boot}, LIST all CPUs but 0")
    return Finding(check, OK, f"{len(isolated)} of {len(allowed)} CPUs are isolated")
