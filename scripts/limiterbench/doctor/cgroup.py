"""What the control group grants: CPU time and CPUs."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import List, NamedTuple, Optional

from limiterbench.doctor.finding import FAIL, OK, UNKNOWN, WARN, Finding
from limiterbench.doctor.host import Host

_MOUNT = "sys/fs/cgroup"


class _Group(NamedTuple):
    version: int
    path: PurePosixPath


def _own_group(host: Host) -> Optional[_Group]:
    """Lines `0::/path` for v2 and `4:cpu,cpuacct:/path` for v1, whose controller comes first."""
    unified: Optional[_Group] = None
    for line in (host.text("proc/self/cgroup") or "").splitlines():
        parts = line.split(":", 2)
        if len(parts) < 3:
            continue
        path = PurePosixPath(parts[2].lstrip("/"))
        if "cpu" in parts[1].split(","):
            return _Group(1, path)
        if parts[:2] == ["0", ""]:
            unified = _Group(2, path)
    return unified


def _limit(host: Host, folder: str, version: int) -> Optional[float]:
    """In CPUs; None if there is none."""
    if version == 2:
        words = (host.text(f"{folder}/cpu.max") or "").split()
    else:
        files = [host.text(f"{folder}/cpu.cfs_{name}_us") for name in ("quota", "period")]
        words = [word for word in files if word is not None]
    try:
        quota, period = map(float, words)
    except ValueError:
        return None
    return quota / period if quota >= 0 and period > 0 else None


def _quotas(host: Host, group: _Group, mount: str) -> List[float]:
    """Of the group and all above it. In a container the lower folders may not be mounted."""
    folders = [group.path, *group.path.parents]
    limits = (_limit(host, f"{mount}/{folder}", group.version) for folder in folders)
    return [limit for limit in limits if limit is not None]


def _mount(host: Host, version: int) -> Optional[str]:
    names = ("unified", "") if version == 2 else ("cpu,cpuacct", "cpu")
    folders = (f"{_MOUNT}/{name}" for name in names)
    return next((folder for folder in folders if (host.root / folder).is_dir()), None)


def quota(host: Host) -> Finding:
    check = "CPU quota"
    group = _own_group(host)
    mount = group and _mount(host, group.version)
    team = host.team()
    if group is None or mount is None or not team:
        return Finding(check, UNKNOWN, "the control group's CPU quota cannot be read")
    quotas = _quotas(host, group, mount)
    if not quotas:
        return Finding(check, OK, "the control group limits no CPU time")
    seen = f"the control group grants {min(quotas):g} CPUs"
    if min(quotas) >= team:
        return Finding(check, OK, f"{seen}; {team} are measured")
    advice = "raise the group's cpu.max (docker: --cpus), or measure fewer --threads"
    return Finding(check, FAIL, f"{seen}, {team} are measured: threads stand still", advice)


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
