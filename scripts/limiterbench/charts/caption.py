"""The lines under a chart: what is plotted, on which host, n, spread, and what to beware of."""

from __future__ import annotations

from statistics import median
from typing import List

from limiterbench import units
from limiterbench.manifest import INTERRUPTED, Manifest
from limiterbench.series import Group
from limiterbench.statistics import coverage


def _numbers(group: Group) -> str:
    counts = sorted({len(m) for points in group.limiters.values() for m in points.values()})
    fewest, most = counts[0], counts[-1]
    n = f"n = {fewest}" if fewest == most else f"n = {fewest} to {most}"
    if most == 1:
        return f"{n}: one repetition, so no spread is known"
    sure = f"{100 * coverage(fewest):.3g} %"
    return f"median of {n} repetitions; bars from the lowest to the highest" + (
        f", which hold the true median with {sure} confidence" if fewest > 1 else ""
    )


def _host(manifest: Manifest) -> str:
    host = manifest.host
    parts = [manifest.hostname, host.get("cpu_model"), manifest.topology.summary]
    if host.get("kernel"):
        parts.append(f"Linux {host['kernel']}")
    return "; ".join(str(part) for part in parts if part)


def _warnings(manifest: Manifest, group: Group) -> List[str]:
    found = manifest.host.get("warnings")
    warnings = [str(text) for text in found] if isinstance(found, list) else []
    repetitions = group.repetitions()
    if group.failed:
        warnings.append(f"{units.count(group.failed, 'failed repetition')} left out")
    shared = sorted({n for n in group.threads if _writer_shares(group, n)})
    if shared:
        counts = ", ".join(map(str, shared))
        warnings.append(f"the writer shares a CPU with a measured thread at {counts} threads")
    core = sorted({n for n in group.threads if n not in shared and _writer_shares_core(group, n)})
    if core:
        counts = ", ".join(map(str, core))
        warnings.append(f"the writer shares a core with a measured thread at {counts} threads")
    unfair = _unfair(group)
    if unfair:
        warnings.append("threads served unequally (Jain's index below 0.8): " + ", ".join(unfair))
    if any(measured.timer_source != "tsc" for measured in repetitions):
        warnings.append("timed by system call, not by the CPU's counter")
    if manifest.status == INTERRUPTED:
        warnings.append("the run is not complete")
    return warnings


def _writer_shares(group: Group, threads: int) -> bool:
    return any(
        measured.writer_shares_cpu
        for points in group.limiters.values()
        for measured in points.get(threads, [])
    )


def _writer_shares_core(group: Group, threads: int) -> bool:
    return any(
        measured.writer_shares_core
        for points in group.limiters.values()
        for measured in points.get(threads, [])
    )


def _unfair(group: Group) -> List[str]:
    return [
        f"{limiter} at {threads}"
        for limiter, points in sorted(group.limiters.items())
        for threads, repeated in sorted(points.items())
        if median(measured.fairness for measured in repeated) < 0.8
    ]


def _reloads(group: Group) -> List[str]:
    """A row that publishes slowly is asked less: say how often each was reloaded."""
    rates = [
        median(measured.reloads_per_second for measured in repeated)
        for points in group.limiters.values()
        for repeated in points.values()
    ]
    low, high = units.rate(min(rates), 2), units.rate(max(rates), 2)
    if high == "0":
        return []
    span = low if low == high else f"{low} to {high}, by row and threads"
    return [f"Reloads a second, as achieved: {span}."]


def caption(manifest: Manifest, group: Group, what: str) -> List[str]:
    plan = manifest.plan
    program = manifest.versions.get("program")
    built = program if isinstance(program, dict) else manifest.versions
    lines = [
        f"Scenario {group.scenario}, placement {group.placement}: {what}; {_numbers(group)}. "
        f"Phases of {plan.seconds:g} s.",
        f"Host: {_host(manifest)}. Measured {manifest.started_utc}, "
        f"build {built.get('commit', 'unknown')}.",
    ]
    lines += _reloads(group)
    warnings = _warnings(manifest, group)
    if warnings:
        lines.append("Beware: " + "; ".join(warnings) + ".")
    return lines
