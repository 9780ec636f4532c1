"""How it was measured: host, findings, build, command, and which cells failed or were noisy."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.records.cells import Cell
from limiterbench.records.finding import OK, Finding, worst_first
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured
from limiterbench.report.gallery import Table
from limiterbench.report.stored import StoredRun
from limiterbench.stats import disturbance
from limiterbench.stats.series import ops
from limiterbench.stats.statistics import summarize

# As a share of the median: the range of a cell's repetitions that is worth a word.
_WIDE = 0.25
_SHOWN = 12


class Noisy(NamedTuple):
    cell: Cell
    spread: float
    flagged: int
    n: int
    lost: float = 0.0
    """The median share of its CPUs' time."""


class Listing(NamedTuple):
    """A table cut to what a reader looks at."""

    heading: str
    about: str
    table: Table | None
    more: int


class Method(NamedTuple):
    facts: list[tuple[str, str]]
    command: str
    examined: bool
    """Whether the doctor looked at the host."""
    bad: list[Finding]
    fine: str
    failed: Listing | None
    noisy: Listing


def method(run: StoredRun) -> Method:
    found = worst_first(run.manifest.doctor)
    bad = [finding for finding in found if finding.status != OK]
    return Method(
        facts(run),
        run.manifest.command,
        bool(found),
        bad,
        units.count(len(found) - len(bad), "check"),
        _failed(run),
        _noisy(run),
    )


def facts(run: StoredRun) -> list[tuple[str, str]]:
    """What is not known is left out."""
    manifest, host = run.manifest, run.manifest.host
    program = manifest.versions.get("program")
    built = program if isinstance(program, dict) else {}
    hypervisor = f"yes, hypervisor {host.get('hypervisor') or 'unknown'}"
    pairs: list[tuple[str, Any]] = [
        ("folder", run.name),
        ("host", manifest.hostname),
        ("CPU", host.get("cpu_model")),
        ("topology", manifest.topology.summary),
        ("system", _listed(host.get("os"), host.get("kernel"), host.get("glibc"))),
        ("virtual machine", hypervisor if host.get("virtualised") else ""),
        ("clock", _listed(manifest.timer.get("source"), manifest.timer.get("reason"))),
        ("measured", manifest.started_utc),
        ("status", manifest.status),
        ("commit", run.commit),
        ("build", _listed(built.get("compiler"), built.get("flags"))),
        ("program", manifest.program_sha256[:12]),
        ("plan", _plan(manifest)),
    ]
    return [(name, str(value)) for name, value in pairs if value]


def _listed(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part)


def _plan(manifest: Manifest) -> str:
    plan = manifest.plan
    layouts = f"over {plan.layouts} layouts of the program, " if plan.layouts > 1 else ""
    return (
        f"{plan.mode}: {units.count(len(plan.cells), 'cell')}, "
        f"{units.count(plan.repetitions, 'repetition')} in phases of {plan.seconds:g} s, {layouts}"
        f"order of seed {plan.seed}"
    )


def noisy(run: StoredRun) -> list[Noisy]:
    """Cells with a wide range or a repetition that the host disturbed, the widest first."""
    found: list[Noisy] = []
    for group in run.groups:
        for row, threads, repeated in group.cells():
            spread = summarize([ops(m) for m in repeated]).spread
            flagged = sum(m.flagged for m in repeated)
            if spread > _WIDE or flagged:
                cell = Cell(row, group.scenario, group.placement, threads)
                lost = disturbance.typical_loss(repeated)
                found.append(Noisy(cell, spread, flagged, len(repeated), lost))
    return sorted(found, key=lambda noise: (-noise.spread, noise.cell))


def failures(run: StoredRun) -> list[tuple[str, str]]:
    return [
        (f"{record.cell.name}, repetition {record.repetition}", str(record.failure))
        for record in run.failed
    ]


def _listing(
    heading: str, heads: Sequence[str], rows: Sequence[Sequence[str]], about: str = ""
) -> Listing:
    table = Table(heads, rows[:_SHOWN]) if rows else None
    return Listing(heading, about, table, max(0, len(rows) - _SHOWN))


def _failed(run: StoredRun) -> Listing | None:
    failed = failures(run)
    if not failed:
        return None
    heading = f"{units.count(len(failed), 'failed repetition')}, left out everywhere"
    return _listing(heading, ("repetition", "why"), failed)


def _noisy(run: StoredRun) -> Listing:
    found = noisy(run)
    repetitions = [measured for group in run.groups for measured in group.repetitions()]
    if disturbance.nearly_all(repetitions):
        return _most_disturbed(found, repetitions)
    if not found:
        none = f"No cell's throughput ranges over more than {_WIDE:.0%} of its median."
        return _listing("", (), (), none)
    rows = [[n.cell.name, f"{n.spread:.0%}", str(n.flagged), str(n.n)] for n in found]
    heads = ("cell", "range / median", "disturbed", "n")
    return _listing(units.count(len(found), "noisy cell"), heads, rows)


def _most_disturbed(found: Sequence[Noisy], repetitions: Sequence[Measured]) -> Listing:
    """Where nearly every cell is noisy, those that are so far more than the others."""
    typical = disturbance.typical_loss(repetitions)
    worst = [noise for noise in found if disturbance.stands_out(noise.lost, typical)]
    worst.sort(key=lambda noise: (-noise.lost, noise.cell))
    rows = [[n.cell.name, units.percent(n.lost), f"{n.spread:.0%}", str(n.n)] for n in worst]
    of_them = units.count(len(worst), "noisy cell") if worst else "No noisy cell"
    wide = units.count(sum(noise.spread > _WIDE for noise in found), "cell")
    return _listing(
        f"{of_them} beyond what this host always takes",
        ("cell", "time lost", "range / median", "n"),
        rows,
        f"{disturbance.notice(repetitions)}. A cell stands out if it lost more than twice "
        f"the run's median{'' if worst else ': none does'}. The throughput of {wide} "
        f"ranges over more than {_WIDE:.0%} of the median.",
    )
