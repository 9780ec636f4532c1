"""Where this process stands among the control groups, and what they grant."""

from __future__ import annotations

# Those of pathlib raise for what may not be looked at.
from os.path import exists, isdir
from pathlib import Path, PurePosixPath
from typing import Callable, NamedTuple

_MOUNT = "sys/fs/cgroup"


class Group(NamedTuple):
    version: int
    mount: Path
    path: PurePosixPath

    @property
    def hides_others(self) -> bool:
        """Whether groups above the mount, or this one, cannot be seen from here.

        The top of a hierarchy lacks `cgroup.events` in version 2, where every group has
        `cgroup.controllers`. In version 1 it alone has `release_agent`. A path with `..` leads out
        of the cgroup namespace.
        """
        if ".." in self.path.parts:
            return True
        if self.version == 2:
            is_top = not exists(self.mount / "cgroup.events")
            return not (is_top and exists(self.mount / "cgroup.controllers"))
        return not exists(self.mount / "release_agent")

    def tightest(self, limit: Callable[[Path], float | None]) -> float | None:
        """Of the limits of the group and all above it. In a container the lower folders may not be
        mounted."""
        if ".." in self.path.parts:
            return None
        found = (limit(self.mount / folder) for folder in (self.path, *self.path.parents))
        return min((value for value in found if value is not None), default=None)


def _membership(text: str, controller: str) -> tuple[int, PurePosixPath] | None:
    """Lines `0::/path` for v2 and `4:cpu,cpuacct:/path` for v1, whose controller comes first."""
    unified = None
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) < 3:
            continue
        path = PurePosixPath(parts[2].lstrip("/"))
        if controller in parts[1].split(","):
            return 1, path
        if parts[:2] == ["0", ""]:
            unified = 2, path
    return unified


def _mounts(version: int, controller: str) -> list[str]:
    if version == 2:
        return ["unified", ""]
    return ["cpu,cpuacct", "cpu"] if controller == "cpu" else [controller]


def own_group(root: Path, controller: str) -> Group | None:
    """`root` stands before /proc and /sys. None if nothing is told."""
    try:
        text = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    member = _membership(text, controller)
    if member is None:
        return None
    version, path = member
    folders = (root / _MOUNT / name for name in _mounts(version, controller))
    mount = next((folder for folder in folders if isdir(folder)), None)
    return None if mount is None else Group(version, mount, path)
