"""What the checks look at: files below a root, and two readings of the CPUs' times."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from limiterbench.common.control_groups import own_group

SAMPLE_SECONDS = 1.0
# Several of a quota's periods, which are 100 ms unless somebody chose otherwise.
_SPIN_SECONDS = 0.5
_SPIN = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
end = time.monotonic() + float(sys.argv[2])
used = time.process_time()
while time.monotonic() < end: pass
print((time.process_time() - used) / float(sys.argv[2]))
"""

CPU = "sys/devices/system/cpu"

# What a check says: a finding's status, what was seen and, where there is any, advice.
Seen = tuple[str, ...]


class Spun(NamedTuple):
    """What busy loops got, each on a CPU of its own: less than asked under a quota nobody shows."""

    loops: int
    cpus: float


@dataclass(frozen=True)
class Host:
    root: Path
    # How many threads will want a CPU at once; all the CPUs where nobody has said.
    threads: int | None = None
    # /proc/stat, twice.
    before: str = ""
    after: str = ""
    # None where no quota can be hidden, or the loops could not run.
    spun: Spun | None = None

    def text(self, path: str) -> str | None:
        """None: the file is not there, or not for us."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
        except OSError:
            return None

    def number(self, path: str) -> int | None:
        text = self.text(path)
        try:
            return None if text is None else int(text)
        except ValueError:
            return None

    def texts(self, pattern: str) -> list[str]:
        """What is in the files whose paths match."""
        paths = sorted(path.relative_to(self.root) for path in self.root.glob(pattern))
        return [text for text in (self.text(str(path)) for path in paths) if text is not None]

    def field(self, path: str, key: str) -> str | None:
        """The value of the first line `key: value`."""
        for line in (self.text(path) or "").splitlines():
            name, colon, value = line.partition(":")
            if colon and name.strip() == key:
                return value.strip()
        return None

    def cpu_flags(self) -> list[str] | None:
        """None on an architecture that has no such line."""
        flags = self.field("proc/cpuinfo", "flags")
        return None if flags is None else flags.split()

    def online(self) -> list[int]:
        return cpu_list(self.text(f"{CPU}/online") or "")

    def allowed(self) -> list[int]:
        """The CPUs that this process may run on."""
        return cpu_list(self.field("proc/self/status", "Cpus_allowed_list") or "")

    def team(self) -> int:
        """How many CPUs the measurement keeps busy; 0 if unknown."""
        cpus = len(self.allowed())
        return cpus if self.threads is None else min(self.threads, cpus)

    def may(self, capability: int) -> bool:
        effective = self.field("proc/self/status", "CapEff") or "0"
        try:
            return bool(int(effective, 16) >> capability & 1)
        except ValueError:
            return False

    def hypervisor(self) -> str | None:
        """Its name; "" if there is one without a name; None if none is seen."""
        if kind := self.text("sys/hypervisor/type"):
            return kind
        dmi = "sys/class/dmi/id"
        machine = f"{self.text(f'{dmi}/sys_vendor')} {self.text(f'{dmi}/product_name')}"
        known = [name for name in _HYPERVISORS if name in machine]
        # The same vendor is on its bare machines.
        if "Amazon EC2" in machine and "metal" not in machine:
            known.append("Amazon EC2")
        if known:
            return known[0]
        return "" if "hypervisor" in (self.cpu_flags() or []) else None


_HYPERVISORS = (
    *("QEMU", "KVM", "VMware", "VirtualBox", "Virtual Machine", "Xen", "OpenStack"),
    *("Google Compute Engine", "Firecracker", "Bochs"),
)


def cpu_list(text: str) -> list[int]:
    """The numbers of "0-3,8"; none if it is no such list."""
    numbers: list[int] = []
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("-")
        if not low.isdecimal() or not (high or low).isdecimal():
            return []
        numbers += range(int(low), int(high or low) + 1)
    return numbers


@dataclass(frozen=True)
class Usage:
    """Where CPUs' time went between the two readings, in CPUs."""

    busy: float
    stolen: float


def _times(text: str) -> dict[str, list[int]]:
    """user nice system idle iowait irq softirq steal, by CPU."""
    lines = (line.split() for line in text.splitlines() if line.startswith("cpu"))
    return {
        words[0]: [int(word) for word in words[1:9]]
        for words in lines
        if len(words) > 8 and all(word.isdecimal() for word in words[1:9])
    }


def usage(host: Host) -> Usage | None:
    """Of the CPUs that may be used. None if the time did not advance, or is not told."""
    before, after = _times(host.before), _times(host.after)
    busy = stolen = 0.0
    for cpu in (f"cpu{number}" for number in host.allowed()):
        if cpu not in before or cpu not in after:
            return None
        # A CPU's idle time may be seen to run backwards.
        spent = [max(0, now - then) for then, now in zip(before[cpu], after[cpu])]
        total = sum(spent)
        if total == 0:
            return None
        busy += (total - spent[3] - spent[4] - spent[7]) / total
        stolen += spent[7] / total
    return Usage(busy, stolen) if host.allowed() else None


def stolen_since_boot(host: Host) -> int | None:
    times = _times(host.after).get("cpu")
    return None if times is None else times[7]


def spin(cpus: list[int]) -> Spun | None:
    with ExitStack() as stack:
        try:
            loops = [stack.enter_context(_loop(cpu)) for cpu in cpus]
            got = [float(loop.communicate()[0]) for loop in loops]
        except (OSError, ValueError):
            got = []
    return Spun(len(got), sum(got)) if got else None


def _loop(cpu: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-IS", "-c", _SPIN, str(cpu), str(_SPIN_SECONDS)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def look(root: Path, threads: int | None = None) -> Host:
    """Takes a second, for the two readings; none for a tree of files, whose time stands still."""
    host = Host(root, threads)
    before = host.text("proc/stat") or ""
    if root != Path("/"):
        return Host(root, threads, before, before)
    time.sleep(SAMPLE_SECONDS)
    after = host.text("proc/stat") or ""
    group = own_group(root, "cpu")
    hidden = group is not None and group.hides_others
    spun = spin(host.allowed()[: host.team()]) if hidden else None
    return Host(root, threads, before, after, spun)
