"""A tree of /proc and /sys in which the doctor finds nothing wrong, for tests to spoil."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

_CPU = "sys/devices/system/cpu"
_CLOCKS = "sys/devices/system/clocksource/clocksource0"

FILES: Dict[str, str] = {
    "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu tsc constant_tsc nonstop_tsc\n",
    "proc/loadavg": "0.02 0.01 0.00 1/200 4242\n",
    "proc/self/cgroup": "0::/user.slice/session-1.scope\n",
    "proc/self/limits": "Limit  Soft Limit  Hard Limit  Units\n"
    "Max locked memory         unlimited            unlimited            bytes\n",
    "proc/self/status": "CapEff:\t0000000000000000\nCpus_allowed_list:\t0-3\n",
    "proc/sys/kernel/numa_balancing": "0\n",
    "proc/sys/kernel/perf_event_paranoid": "2\n",
    f"{_CPU}/online": "0-3\n",
    f"{_CPU}/isolated": "1-3\n",
    f"{_CPU}/smt/active": "0\n",
    f"{_CPU}/cpufreq/policy0/scaling_governor": "performance\n",
    f"{_CPU}/intel_pstate/no_turbo": "1\n",
    f"{_CPU}/cpuidle/current_driver": "intel_idle\n",
    f"{_CPU}/cpu0/cpuidle/state1/name": "C1\n",
    f"{_CPU}/cpu0/cpuidle/state1/latency": "2\n",
    f"{_CPU}/cpu0/cpuidle/state1/disable": "0\n",
    f"{_CLOCKS}/current_clocksource": "tsc\n",
    f"{_CLOCKS}/available_clocksource": "tsc hpet acpi_pm\n",
    "sys/devices/system/node/online": "0-1\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "sys/class/dmi/id/sys_vendor": "Imaginary Machines\n",
    "sys/class/dmi/id/product_name": "Iron 1\n",
    "sys/bus/event_source/devices/cpu/type": "4\n",
    "sys/fs/cgroup/cgroup.controllers": "cpu\n",
    "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
}


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def build(root: Path) -> Path:
    for path, text in FILES.items():
        write(root, path, text)
    return root


def stat(*cpus: "tuple[int, int, int]") -> str:
    """/proc/stat: user, idle and stolen time of each CPU."""
    together = tuple(map(sum, zip(*cpus)))
    named = [("cpu", together), *((f"cpu{n}", times) for n, times in enumerate(cpus))]
    lines = [f"{name} {user} 0 0 {idle} 0 0 0 {stolen} 0 0" for name, (user, idle, stolen) in named]
    return "\n".join([*lines, "intr 1 2 3"]) + "\n"
