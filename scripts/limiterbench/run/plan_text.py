"""The plan in words: what will be measured, how long it takes, where it goes."""

from __future__ import annotations

import shlex
import textwrap
from pathlib import Path
from typing import Iterable, Sequence

from limiterbench.common import units
from limiterbench.common.files import display
from limiterbench.records.manifest import Boundary
from limiterbench.run.effort import Effort
from limiterbench.run.plan import Plan
from limiterbench.run.program import Layouts
from limiterbench.run.request import Request
from limiterbench.run.schedule import allowance

_WIDTH = 80
_TITLE = 12
_LISTED = 4
_LONG_SECONDS = 3600


def _sentence(title: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"{title:<{_TITLE}}",
        subsequent_indent=" " * _TITLE,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _names(title: str, names: Iterable[str]) -> list[str]:
    return _sentence(title, " ".join(dict.fromkeys(names)))


def _elided(counts: Sequence[int]) -> str:
    if len(counts) <= _LISTED:
        return ", ".join(map(str, counts))
    return f"{counts[0]}, {counts[1]} … {counts[-1]}"


def _steps(placement: str, boundaries: Sequence[Boundary]) -> str:
    """After how many threads the next one enters something new."""
    counts: dict[str, list[int]] = {}
    for boundary in boundaries:
        counts.setdefault(boundary.kind, []).append(boundary.threads)
    parts: list[str] = []
    for kind in ("complex", "package", "smt"):
        if kind not in counts:
            continue
        threads = _elided(counts[kind])
        if not parts:
            threads += " thread" if counts[kind] == [1] else " threads"
        if kind == "smt":
            parts.append(f"SMT siblings after {threads}")
        elif placement == "scatter":
            parts.append(f"every {kind} in use at {threads}")
        else:
            parts.append(f"next {kind} after {threads}")
    return "; ".join(parts)


def _placements(plan: Plan) -> list[str]:
    lines: list[str] = []
    for placement in dict.fromkeys(cell.placement for cell in plan.cells):
        steps = _steps(placement, plan.boundaries.get(placement, []))
        text = f"{placement}: {steps}" if steps else placement
        lines += _sentence("" if lines else "placements", text)
    return lines


def _threads(plan: Plan) -> list[str]:
    fitting = sorted(
        {cell.threads for cell in plan.cells} - {c.threads for c in plan.oversubscribed}
    )
    lines = _names("threads", map(str, fitting)) if fitting else []
    if plan.oversubscribed:
        counts = sorted({cell.threads for cell in plan.oversubscribed})
        scenarios = dict.fromkeys(cell.scenario for cell in plan.oversubscribed)
        text = f"oversubscribed: {' '.join(map(str, counts))}, in {', '.join(scenarios)}"
        lines += _sentence("" if lines else "threads", text)
    return lines


def _sweep(plan: Plan, effort: Effort) -> list[str]:
    sweeping = [cell for cell in plan.cells if plan.scenarios[cell.scenario].sweeps_load]
    if not sweeping:
        return []
    names = ", ".join(sorted({cell.scenario for cell in sweeping}))
    seconds = sum(plan.phases(sweeping)) * effort.seconds * effort.repetitions
    return _sentence("", f"and, in {names}, many rates one by one: {units.clock(seconds)} in all")


def _layouts(layouts: Layouts) -> list[str]:
    text = str(layouts.number)
    if layouts.number > 1:
        text += " of the program, which take the repetitions in turn"
    if layouts.absent is not None:
        text += f": {layouts.absent}"
    return _sentence("layouts", text)


def describe(
    plan: Plan,
    effort: Effort,
    folder: Path | None,
    repeats: bool = False,
    layouts: Layouts = Layouts(1),
) -> str:
    """`repeats`: repetitions that the host disturbs are measured again, and count in the time."""
    cells = plan.cells
    lines = _sentence("host", plan.summary)
    lines += _names("limiters", (cell.limiter for cell in cells))
    lines += _names("scenarios", (cell.scenario for cell in cells))
    lines += _placements(plan)
    lines += _threads(plan)
    repetitions = units.count(effort.repetitions, "repetition")
    lines += _sentence(
        "cells", f"{len(cells):,}, each {repetitions} of two {effort.seconds:g} s phases"
    )
    lines += _sweep(plan, effort)
    lines += _layouts(layouts)
    if plan.left_out:
        lines += _sentence("left out", f"{plan.left_out:,} more, which --full measures")
    again = sum(allowance(cells, effort.repetitions, effort.mode).values()) if repeats else 0
    seconds = effort.duration(len(cells) * effort.repetitions + again)
    lines += _sentence("duration", f"about {units.clock(seconds)} ({effort.mode})")
    if again:
        repeated = units.clock(again * effort.repetition)
        lines += _sentence(
            "",
            f"up to {repeated} of it measures again what the host disturbed; a quiet host needs "
            "less",
        )
    if seconds > _LONG_SECONDS:
        lines += _sentence(
            "",
            "--impl, --scenario, --placement and --threads make it shorter; a run that is "
            "stopped goes on with --resume",
        )
    if folder is not None:
        lines += _sentence("folder", display(folder))
    return "\n".join(lines)


def describe_rest(effort: Effort, left: int, more: int) -> str:
    """What a resumed run has left, and how much `more` it needs at most if the host disturbs it."""
    text = f"{units.count(left, 'repetition')} left"
    if more:
        text += f", and up to {more:,} more to measure again what the host disturbs"
    return f"{text}: about {units.clock(effort.duration(left + more))}"


def reproducing_command(request: Request, effort: Effort, layouts: int, seed: int) -> str:
    """The one command that repeats a run, with everything chosen for the user spelled out."""
    size = ["--budget", request.budget] if request.budget else [f"--{effort.mode}"]
    words = ["./scripts/run", *size, *request.words()]
    words += ["--repetitions", str(effort.repetitions), "--seconds", f"{effort.seconds:g}"]
    words += ["--layouts", str(layouts), "--seed", str(seed)]
    words += ["--noise-repeats", str(request.noise_repeats)]
    if request.time_limit is not None:
        words += ["--time-limit", f"{request.time_limit:g}"]
    return shlex.join(words)
