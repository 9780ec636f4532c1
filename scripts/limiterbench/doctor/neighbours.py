"""Who else uses the CPUs: other work, other guests, the sibling, the kernel, the control group."""

from __future__ import annotations

from pathlib import Path

from limiterbench.common.control_groups import Group, own_group
from limiterbench.doctor.host import CPU, Host, Seen, cpu_list, stolen_since_boot, usage
from limiterbench.records.finding import FAIL, OK, UNKNOWN, WARN


def _words(folder: Path, version: int) -> list[str]:
    names = ["cpu.max"] if version == 2 else ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
    return " ".join((folder / name).read_text(encoding="utf-8") for name in names).split()


def _quota(group: Group) -> float | None:
    """In CPUs; None if no group that is seen has one."""

    def limit(folder: Path) -> float | None:
        try:
            cpu_time, period = map(float, _words(folder, group.version))
        except (OSError, ValueError):
            return None
        return cpu_time / period if cpu_time >= 0 and period > 0 else None

    return group.tightest(limit)


_RAISE = "raise the group's cpu.max (docker: --cpus), or measure fewer --threads"


def quota(host: Host) -> Seen:
    group = own_group(host.root, "cpu")
    team = host.team()
    if group is None or not team:
        return UNKNOWN, "the control group's CPU quota cannot be read"
    granted = _quota(group)
    if granted is not None and granted < team:
        seen = f"the control group grants {granted:g} CPUs"
        return FAIL, f"{seen}, {team} are measured: threads stand still", _RAISE
    if group.hides_others:
        return _hidden(host)
    if granted is None:
        return OK, "the control group limits no CPU time"
    return OK, f"the control group grants {granted:g} CPUs; {team} are measured"


def _hidden(host: Host) -> Seen:
    seen = "control groups above this one are hidden, and may limit CPU time"
    if host.spun is None:
        return UNKNOWN, seen
    seen += f": {host.spun.loops} loops got {host.spun.cpus:.2f} CPUs"
    # As much as `load` calls more than noise.
    if host.spun.loops - host.spun.cpus > max(0.5, host.spun.loops / 20):
        advice = "ask whoever runs the container for its CPU quota, and end other work"
        return FAIL, f"{seen}, and threads stand still", advice
    return UNKNOWN, seen


def cpuset(host: Host) -> Seen:
    allowed, online = host.allowed(), host.online()
    if not allowed or not online:
        return UNKNOWN, "the CPUs that may be used are not shown here"
    seen = f"{len(allowed)} of {len(online)} CPUs may be used"
    if len(allowed) == 1:
        advice = "widen taskset or the group's cpuset.cpus, or take a larger machine"
        return WARN, f"{seen}: threads never meet, nothing scales", advice
    if len(allowed) < len(online):
        advice = "widen taskset or the group's cpuset.cpus, or keep the other CPUs idle"
        return WARN, f"{seen}: work on the others shares caches", advice
    return OK, seen


_QUIET_CPUS = 0.1
_QUIET_LOAD = 0.5
_MUCH_STOLEN = 0.1


def _load_average(host: Host) -> float | None:
    words = (host.text("proc/loadavg") or "").split()
    try:
        return float(words[0])
    except (IndexError, ValueError):
        return None


def load(host: Host) -> Seen:
    used, cpus, team = usage(host), len(host.allowed()), host.team()
    if used is None:
        return _load_by_average(host)
    seen = f"other work keeps {used.busy:.2f} of {cpus} CPUs busy"
    taken = team - (cpus - used.busy)
    advice = "end it or wait; `top` names it"
    # Half a CPU, or a twentieth of many, no longer passes for noise.
    if taken > max(0.5, team / 20):
        return FAIL, f"{seen}, {team} are measured", advice
    if used.busy > _QUIET_CPUS:
        return WARN, seen, advice
    return OK, seen


def _load_by_average(host: Host) -> Seen:
    average = _load_average(host)
    if average is None:
        return UNKNOWN, "neither the CPUs' times nor the load can be read"
    seen = f"load average {average:g}"
    if average > _QUIET_LOAD:
        return WARN, f"{seen}: other work is running", "end it; `top` names it"
    return OK, seen


def steal(host: Host) -> Seen:
    used = usage(host)
    if used is None:
        return UNKNOWN, "the CPUs' times cannot be read"
    share = used.stolen / len(host.allowed())
    if share > 0:
        seen = f"the hypervisor takes {100 * share:.2g} % of the CPUs' time away"
        advice = "take dedicated CPUs or a bare machine; measure when its host is quiet"
        return FAIL if share >= _MUCH_STOLEN else WARN, seen, advice
    if host.hypervisor() is not None and not stolen_since_boot(host):
        return UNKNOWN, "no stolen time since boot: none, or it is not reported"
    return OK, "no CPU time is stolen"


def virtualisation(host: Host) -> Seen:
    name = host.hypervisor()
    if name is not None:
        seen = f"virtual machine{f' ({name})' if name else ''}: its host may take CPUs away unseen"
        return WARN, seen, "measure on a bare machine, or on dedicated CPUs"
    if host.cpu_flags() is None and host.text("sys/class/dmi/id/sys_vendor") is None:
        return UNKNOWN, "neither the CPU's flags nor the firmware can be read"
    return OK, "no hypervisor is seen"


def siblings(host: Host) -> Seen:
    active = host.text(f"{CPU}/smt/active")
    if active == "0":
        return OK, "no core runs two threads"
    if active == "1":
        seen = "SMT is on: whatever runs on a sibling slows its core"
        return WARN, seen, f"echo off | sudo tee /{CPU}/smt/control"
    return UNKNOWN, "whether cores run two threads is not shown here"


def isolation(host: Host) -> Seen:
    text = host.text(f"{CPU}/isolated")
    allowed = host.allowed()
    if text is None or not allowed:
        return UNKNOWN, "isolated CPUs are not shown here"
    isolated = set(cpu_list(text)) & set(allowed)
    boot = "boot with isolcpus=domain,managed_irq,LIST nohz_full=LIST"
    if text and not isolated:
        seen = f"CPUs {text} are isolated, but may not be used here"
        return WARN, seen, f"taskset -c {text} ./scripts/run"
    if not isolated:
        seen = "no CPU is isolated: any task or interrupt may run on it"
        return WARN, seen, f"{boot}, LIST all CPUs but 0"
    if len(allowed) - len(isolated) > 1:
        seen = f"{len(isolated)} of {len(allowed)} CPUs are isolated: the others are noisier"
        return WARN, seen, f"{boot}, LIST all CPUs but 0"
    return OK, f"{len(isolated)} of {len(allowed)} CPUs are isolated"
