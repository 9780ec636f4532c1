"""How it was measured: host, findings, build, command, and which cells failed or were noisy."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Sequence, Tuple

from limiterbench.common import units
from limiterbench.records.cells import Cell
from limiterbench.records.finding import OK, worst_first
from limiterbench.records.manifest import Manifest
from limiterbench.records.records import Measured
from limiterbench.report.html import Html, join, table, tag
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

    @property
    def is_wide(self) -> bool:
        return self.spread > _WIDE


def facts(run: StoredRun) -> List[Tuple[str, str]]:
    """What is not known is left out."""
    manifest, host = run.manifest, run.manifest.host
    program = manifest.versions.get("program")
    built = program if isinstance(program, dict) else {}
    pairs: List[Tuple[str, Any]] = [
        ("folder", run.name),
        ("host", manifest.hostname),
        ("CPU", host.get("cpu_model")),
        ("topology", manifest.topology.summary),
        ("system", _listed(host.get("os"), host.get("kernel"), host.get("glibc"))),
        ("virtual machine", _virtual(host)),
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


def _virtual(host: "dict[str, Any]") -> str:
    if not host.get("virtualised"):
        return ""
    return f"yes, hypervisor {host.get('hypervisor') or 'unknown'}"


def _plan(manifest: Manifest) -> str:
    plan = manifest.plan
    layouts = f"over {plan.layouts} layouts of the program, " if plan.layouts > 1 else ""
    return (
        f"{plan.mode}: {units.count(len(plan.cells), 'cell')}, "
        f"{units.count(plan.repetitions, 'repetition')} in phases of {plan.seconds:g} s, {layouts}"
        f"order of seed {plan.seed}"
    )


def noisy(run: StoredRun) -> List[Noisy]:
    """Cells with a wide range or a repetition that the host disturbed, the widest first."""
    found: List[Noisy] = []
    for group in run.groups:
        for row, points in group.limiters.items():
            for threads, repeated in points.items():
                spread = summarize([ops(m) for m in repeated]).spread
                flagged = sum(m.flagged for m in repeated)
                if spread > _WIDE or flagged:
                    cell = Cell(row, group.scenario, group.placement, threads)
                    lost = disturbance.typical_loss(repeated)
                    found.append(Noisy(cell, spread, flagged, len(repeated), lost))
    return sorted(found, key=lambda noise: (-noise.spread, noise.cell))


def failures(run: StoredRun) -> List[Tuple[str, str]]:
    return [
        (f"{record.cell.name}, repetition {record.repetition}", str(record.failure))
        for record in run.failed
    ]


def section(runs: Sequence[StoredRun]) -> Html:
    return tag(
        "section",
        tag("h2", "How it was measured"),
        tag("div", [_one(run) for run in runs], class_="runs"),
        id="method",
    )


def _one(run: StoredRun) -> Html:
    known = [(tag("dt", name), tag("dd", value)) for name, value in facts(run)]
    return tag(
        "div",
        tag("dl", [part for pair in known for part in pair]),
        tag("h3", "To measure it again"),
        tag("pre", tag("code", run.manifest.command), tabindex="0"),
        _findings(run),
        _failed(run),
        _noisy(run),
    )


def _findings(run: StoredRun) -> Html:
    if not run.manifest.doctor:
        return tag("p", "The doctor left no findings in this run.")
    found = worst_first(run.manifest.doctor)
    bad = [finding for finding in found if finding.status != OK]
    fine = len(found) - len(bad)
    rows = [[f.status, f.check, f.seen, f.advice] for f in bad]
    shown = table(("status", "check", "seen", "what to do"), rows, texts=4) if rows else Html("")
    return join(
        [
            tag("h3", "What the doctor found on the host"),
            shown,
            tag("p", f"{units.count(fine, 'check')} found nothing wrong.", class_="small"),
        ]
    )


def _failed(run: StoredRun) -> Html:
    failed = failures(run)
    if not failed:
        return tag("p", "No repetition failed.")
    return join(
        [
            tag("h3", f"{units.count(len(failed), 'failed repetition')}, left out everywhere"),
            table(("repetition", "why"), failed[:_SHOWN], texts=2),
            _more(len(failed)),
        ]
    )


def _noisy(run: StoredRun) -> Html:
    found = noisy(run)
    repetitions = [measured for group in run.groups for measured in group.repetitions()]
    if disturbance.nearly_all(repetitions):
        return _most_disturbed(found, repetitions)
    if not found:
        return tag("p", f"No cell's throughput ranges over more than {_WIDE:.0%} of its median.")
    rows = [
        [noise.cell.name, f"{noise.spread:.0%}", str(noise.flagged), str(noise.n)]
        for noise in found[:_SHOWN]
    ]
    return join(
        [
            tag("h3", f"{units.count(len(found), 'noisy cell')}"),
            table(("cell", "range / median", "disturbed", "n"), rows),
            _more(len(found)),
        ]
    )


def _most_disturbed(found: Sequence[Noisy], repetitions: Sequence[Measured]) -> Html:
    """Where nearly every cell is noisy, those that are so far more than the others."""
    typical = disturbance.typical_loss(repetitions)
    worst = [noise for noise in found if disturbance.stands_out(noise.lost, typical)]
    worst.sort(key=lambda noise: (-noise.lost, noise.cell))
    rows = [
        [noise.cell.name, disturbance.percent(noise.lost), f"{noise.spread:.0%}", str(noise.n)]
        for noise in worst[:_SHOWN]
    ]
    of_them = units.count(len(worst), "noisy cell") if worst else "No noisy cell"
    wide = units.count(sum(noise.is_wide for noise in found), "cell")
    return join(
        [
            tag("h3", f"{of_them} beyond what this host always takes"),
            tag(
                "p",
                f"{disturbance.notice(repetitions)}. A cell stands out if it lost more than twice "
                f"the run's median{'' if worst else ': none does'}. The throughput of {wide} "
                f"ranges over more than {_WIDE:.0%} of the median.",
            ),
            table(("cell", "time lost", "range / median", "n"), rows) if rows else Html(""),
            _more(len(worst)),
        ]
    )


def _more(count: int) -> Html:
    if count <= _SHOWN:
        return Html("")
    return tag("p", f"… and {count - _SHOWN} more, in the records.", class_="small")
