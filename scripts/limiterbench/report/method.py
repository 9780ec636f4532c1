"""How it was measured: host, findings, build, command, and which cells failed or were noisy."""

from __future__ import annotations

from typing import Any, NamedTuple

from limiterbench.common import units
from limiterbench.records.finding import OK, Finding, worst_first
from limiterbench.records.manifest import Manifest
from limiterbench.report.gallery import Table
from limiterbench.report.stored import StoredRun
from limiterbench.stats.headlines import bases, doubts

_SHOWN = 12


class Method(NamedTuple):
    facts: list[tuple[str, str]]
    command: str
    examined: bool
    """Whether the doctor looked at the host."""
    bad: list[Finding]
    fine: str
    failed: Table | None
    failures: str
    doubts: str
    """The cells in doubt."""


def method(run: StoredRun) -> Method:
    found, failed = worst_first(run.manifest.doctor), failures(run)
    bad = [finding for finding in found if finding.status != OK]
    return Method(
        facts(run),
        run.manifest.command,
        bool(found),
        bad,
        units.count(len(found) - len(bad), "check"),
        Table(("repetition", "why"), failed[:_SHOWN]) if failed else None,
        f"{units.count(len(failed), 'failed repetition')}, left out everywhere",
        _doubts(run),
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


def failures(run: StoredRun) -> list[tuple[str, str]]:
    return [
        (f"{record.cell.name}, repetition {record.repetition}", str(record.failure))
        for record in run.failed
    ]


def _doubts(run: StoredRun) -> str:
    found = {
        f"{row}/{group.scenario}/{group.placement}/threads:{threads}": basis
        for group in run.groups
        for threads in group.threads
        for row, basis in bases(group, threads).items()
    }
    return doubts(found)
