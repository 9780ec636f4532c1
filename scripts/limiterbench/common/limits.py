"""What the system grants this process, and what its errors mean where their words mislead."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

from limiterbench.common.control_groups import own_group


def cpus() -> int:
    """How many this process may use; all of them where the system does not say."""
    try:
        return len(os.sched_getaffinity(0))
    except OSError:
        return os.cpu_count() or 1


def _limits(root: Path) -> str:
    """On how many threads and processes there may be, with their values where they can be read."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    group = own_group(root, "pids")
    pids = group and group.tightest(_pids_max)
    named = {"ulimit -u": "unlimited" if soft == resource.RLIM_INFINITY else f"{soft}"}
    named["the control group's pids.max"] = "none seen" if pids is None else f"{pids:g}"
    for name in ("threads-max", "pid_max"):
        file = root / "proc/sys/kernel" / name
        if os.access(file, os.R_OK):
            named[f"kernel.{name}"] = file.read_text().strip()
    return ", ".join(f"{name}: {value}" for name, value in named.items())


def _pids_max(folder: Path) -> float | None:
    try:
        return float((folder / "pids.max").read_text())
    except (OSError, ValueError):
        return None


def explain(error: Exception, root: Path = Path("/")) -> str:
    """Why a process did not start."""
    if not isinstance(error, OSError):
        return str(error)
    said = error.strerror or str(error)
    if error.errno in (errno.EPERM, errno.ENOSYS):
        return f"{said} (a sandbox forbids it, or the kernel lacks a system call)"
    if error.errno == errno.EAGAIN:
        return f"{said}: a limit on processes and threads is reached ({_limits(root)})"
    return said
