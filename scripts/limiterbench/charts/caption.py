"""The lines under a chart: what is plotted, on which host, n, spread, and what to beware of."""

from __future__ import annotations

from statistics import median
from typing import Callable, Sequence

from limiterbench.common import units
from limiterbench.records.finding import FAIL, counts, worst_first
from limiterbench.records.manifest import INTERRUPTED, Manifest
from limiterbench.records.records import UNEQUAL, Measured
from limiterbench.stats.headlines import transfers
from limiterbench.stats.series import Group, ops, step_of_clock
from limiterbench.stats.statistics import coverage, two_groups

_FINDINGS_NAMED = 3
_CELLS_NAMED = 8
# Facts that the doctor does not look at: without them a design takes a slower way.
_LACKING = {
    ("membarrier", "private_expedited"): "no membarrier: asymmetric fences fall back to full ones",
    ("rseq", "registered"): "no restartable sequences: the current CPU is found the slow way",
}


def _numbers(group: Group, has_bars: bool) -> str:
    counts = sorted({len(repeated) for _, _, repeated in group.cells()})
    fewest, most = counts[0], counts[-1]
    n = f"n = {fewest}" if fewest == most else f"n = {fewest} to {most}"
    if most == 1:
        return f"{n}: one repetition, so no spread is known"
    sure = f"{100 * coverage(fewest):.3g} %"
    if not has_bars:
        return f"median of {n} repetitions; their spread is in the table"
    sure_of = f", which hold the true median with {sure} confidence" if fewest > 1 else ""
    return f"median of {n} repetitions; bars from the lowest to the highest{sure_of}"


def _host(manifest: Manifest) -> str:
    host = manifest.host
    parts = [manifest.hostname, host.get("cpu_model"), manifest.topology.summary]
    if host.get("kernel"):
        parts.append(f"Linux {host['kernel']}")
    return "; ".join(str(part) for part in parts if part)


def _of_the_host(manifest: Manifest) -> list[str]:
    """The worst that the doctor found, and what this kernel lacks."""
    if not manifest.doctor:
        # A run of before there was one, whose program judged the host.
        return [str(text) for text in manifest.host.get("warnings") or []]
    bad = worst_first(finding for finding in manifest.doctor if finding.is_bad)
    facts = manifest.host
    lacking = [
        text for (name, key), text in _LACKING.items() if facts.get(name, {}).get(key) is False
    ]
    named = bad[:_FINDINGS_NAMED]
    texts = [f"{f.status} {f.seen}" if f.status == FAIL else f.seen for f in named]
    if len(bad) > len(named):
        texts.append(f"{counts(bad)} in all, listed in run.json")
    return texts + lacking


def _warnings(manifest: Manifest, group: Group) -> list[str]:
    warnings = _of_the_host(manifest)
    repetitions = group.repetitions()
    if group.failed:
        warnings.append(f"{units.count(group.failed, 'failed repetition')} left out")
    warnings += disturbed([group])
    if unfair := _cells(group, _is_unfair):
        unequally = f"threads served unequally (Jain's index below {UNEQUAL:g})"
        warnings.append(f"{unequally}: {_named(unfair)}")
    warnings += _in_two_groups(group)
    if any(measured.timer_source != "tsc" for measured in repetitions):
        warnings.append("timed by clock_gettime, not by the CPU's counter")
    if manifest.status == INTERRUPTED:
        warnings.append("the run is not complete")
    return warnings


def disturbed(groups: Sequence[Group]) -> list[str]:
    """How many of the repetitions that count were disturbed, and how many attempts do not count."""
    repetitions = [measured for group in groups for measured in group.repetitions()]
    flagged = sum(measured.flagged for measured in repetitions)
    repeated = sum(group.repeated for group in groups)
    texts = []
    if flagged:
        texts.append(f"{flagged:,} of {len(repetitions):,} repetitions were disturbed by the host")
    if repeated:
        texts.append(f"{units.count(repeated, 'disturbed repetition')} measured again")
    return texts


def _in_two_groups(group: Group) -> list[str]:
    """What a median hides: the host was in one of two states, or the design was."""
    texts = []
    for (one, other), taken in sorted(transfers(group.repetitions()).items()):
        if found := two_groups(taken):
            low, high = map(units.time, found)
            texts.append(
                f"moving a line between CPUs {one} and {other} took {low} at some times and {high} "
                "at others"
            )
    split = _cells(group, lambda repeated: two_groups([ops(m) for m in repeated]) is not None)
    if split:
        texts.append(f"throughput falls into two groups of repetitions: {_named(split)}")
    return texts


def _is_unfair(repeated: Sequence[Measured]) -> bool:
    return median(measured.fairness for measured in repeated) < UNEQUAL


def _cells(group: Group, holds: Callable[[Sequence[Measured]], bool]) -> list[str]:
    cells = sorted(group.cells(), key=lambda cell: cell[:2])
    return [f"{limiter} at {n}" for limiter, n, repeated in cells if holds(repeated)]


def _named(cells: Sequence[str]) -> str:
    more = len(cells) - _CELLS_NAMED
    return ", ".join(cells[:_CELLS_NAMED]) + (f" and {more} more" if more > 0 else "")


def _reloads(group: Group) -> list[str]:
    """How often, and from which CPU: a design that publishes slowly is asked less often."""
    rates = [
        median(measured.reloads_per_second for measured in repeated)
        for _, _, repeated in group.cells()
    ]
    low, high = units.rate(min(rates), 2), units.rate(max(rates), 2)
    if high == "0":
        return []
    span = low if low == high else f"{low} to {high}, by design and threads"
    return [f"Reloads a second, as achieved: {span}. {_writer(group)}."]


def _writer(group: Group) -> str:
    """Where the thread that reloads ran: with a measured one, it took part of its time."""
    counts: dict[str, list[str]] = {}
    for threads in group.threads:
        counts.setdefault(_writers_place(group, threads), []).append(str(threads))
    if len(counts) == 1:
        return f"The writer ran {next(iter(counts))}"
    places = [
        f"{place} at {', '.join(at)} thread{'' if at == ['1'] else 's'}"
        for place, at in counts.items()
    ]
    return f"The writer ran {', '.join(places)}"


def _writers_place(group: Group, threads: int) -> str:
    repeated = [m for points in group.limiters.values() for m in points.get(threads, [])]
    if any(measured.writer_shares_cpu for measured in repeated):
        return "on a measured thread's CPU"
    if any(measured.writer_shares_core for measured in repeated):
        return "on a measured thread's core"
    return "on a core of its own"


def _clock(group: Group) -> str:
    repetitions = group.repetitions()
    sources = ", ".join(sorted({measured.timer_source for measured in repetitions}))
    typical = units.time(median(measured.floor.p50_ns for measured in repetitions))
    rare = units.time(median(measured.floor.p99_ns for measured in repetitions))
    step = step_of_clock(repetitions)
    steps = "" if step is None else f", in steps of {units.time(step)}"
    if step == 1:
        steps += " or less"
    reads = f"an empty decision reads {typical} (p50), {rare} (p99)"
    return f"Clock: {sources}{steps}; {reads}; ≤: faster than the timer can resolve."


def caption(manifest: Manifest, group: Group, what: str, has_bars: bool = True) -> list[str]:
    plan = manifest.plan
    scenarios = f"Scenario{'s' * (', ' in group.scenario)} {group.scenario}"
    layouts = f", {plan.layouts} layouts of the program" if plan.layouts > 1 else ""
    lines = [
        f"{scenarios}, placement {group.placement}: {what}; {_numbers(group, has_bars)}. "
        f"Phases of {plan.seconds:g} s{layouts}.",
        f"Host: {_host(manifest)}. Measured {manifest.started_utc}, "
        f"build {manifest.built.get('commit', 'unknown')}.",
    ]
    lines += _reloads(group)
    lines.append(_clock(group))
    warnings = _warnings(manifest, group)
    if warnings:
        lines.append("Beware: " + "; ".join(warnings) + ".")
    return lines
