"""What the control group grants: CPU time and CPUs."""

from __future__ import annotations

from pathlib import Path

from limiterbench.common.control_groups import Group, own_group
from limiterbench.doctor.host import Host
from limiterbench.records.finding import FAIL, OK, UNKNOWN, WARN, Finding


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


def quota(host: Host) -> Finding:
    check = "CPU quota"
    group = own_group(host.root, "cpu")
    team = host.team()
    if group is None or not team:
        return Finding(check, UNKNOWN, "the control group's CPU quota cannot be read")
    granted = _quota(group)
    if granted is not None and granted < team:
        seen = f"the control group grants {granted:g} CPUs"
        return Finding(check, FAIL, f"{seen}, {team} are measured: threads stand still", _RAISE)
    if group.hides_others:
        return _hidden(check, host)
    if granted is None:
        return Finding(check, OK, "the control group limits no CPU time")
    return Finding(check, OK, f"the control group grants {granted:g} CPUs; {team} are measured")


def _hidden(check: str, host: Host) -> Finding:
    seen = "control groups above this one are hidden, and may limit CPU time"
    if host.spun is None:
        return Finding(check, UNKNOWN, seen)
    seen += f": {host.spun.loops} loops got {host.spun.cpus:.2f} CPUs"
    # As much as `load` calls more than noise.
    if host.spun.loops - host.spun.cpus > max(0.5, host.spun.loops / 20):
        advice = "ask whoever runs the container for its CPU quota, and end other work"
        return Finding(check, FAIL, f"{seen}, and threads stand still", advice)
    return Finding(check, UNKNOWN, seen)


def cpuset(host: Host) -> Finding:
    check = "cpuset"
    allowed, online = host.allowed(), host.online()
    if not allowed or not online:
        return Finding(check, UNKNOWN, "the CPUs that may be used are not shown here")
    seen = f"{len(allowed)} of {len(online)} CPUs may be used"
    if len(allowed) == 1:
        advice = "widen taskset or the group's cpuset.cpus, or take a larger machine"
        return Finding(check, WARN, f"{seen}: threads never meet, nothing scales", advice)
    if len(allowed) < len(online):
        advice = "widen taskset or the group's cpuset.cpus, or keep the other CPUs idle"
        return Finding(check, WARN, f"{seen}: work on the others shares caches", advice)
    return Finding(check, OK, seen)
