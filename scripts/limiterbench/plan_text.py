"""The plan in words: what will be measured, how long it takes, where it goes."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path
from typing import Iterable, List, Optional

from limiterbench import units
from limiterbench.effort import Effort
from limiterbench.files import display
from limiterbench.plan import Plan

_WIDTH = 80
_TITLE = 12


def _wrapped(title: str, names: Iterable[str]) -> List[str]:
    lines: List[str] = []
    line = f"{title:<{_TITLE}}"
    for name in dict.fromkeys(names):
        if len(line) + len(name) + 1 > _WIDTH:
            lines.append(line.rstrip())
            line = " " * _TITLE
        line += name + " "
    return lines + [line.rstrip()]


def describe(plan: Plan, effort: Effort, folder: Optional[Path]) -> str:
    cells = plan.cells
    total = len(cells) * effort.repetitions
    lines = _wrapped("host", [plan.summary])
    lines += _wrapped("limiters", (cell.limiter for cell in cells))
    lines += _wrapped("scenarios", (cell.scenario for cell in cells))
    lines += _wrapped("placements", (cell.placement for cell in cells))
    lines += _wrapped("threads", map(str, sorted({cell.threads for cell in cells})))
    repetitions = units.count(effort.repetitions, "repetition")
    lines += _wrapped(
        "cells", [f"{len(cells):,}, each {repetitions} of two {effort.seconds:g} s phases"]
    )
    sweeping = {cell.scenario for cell in cells if plan.scenarios[cell.scenario].sweeps_load}
    if sweeping:
        lines += _wrapped("", [f"and, in {', '.join(sorted(sweeping))}, a sweep of the load"])
    if plan.left_out:
        lines += _wrapped("left out", [f"{plan.left_out:,} more, which --full measures"])
    lines += _wrapped("duration", [f"about {units.clock(effort.duration(total))} ({effort.mode})"])
    if folder is not None:
        lines += _wrapped("folder", [display(folder)])
    return "\n".join(lines)


def reproducing_command(options: Namespace, effort: Effort, seed: int) -> str:
    """The one command that repeats a run, with everything chosen for the user spelled out."""
    words = ["./scripts/run", f"--{effort.mode}"]
    for flag, names in (
        ("--impl", options.impl),
        ("--scenario", options.scenario),
        ("--placement", options.placement),
    ):
        for name in names:
            words += [flag, name]
    if options.threads is not None:
        words += ["--threads", options.threads]
    if options.oversubscribe:
        words.append("--oversubscribe")
    words += ["--repetitions", str(effort.repetitions), "--seconds", f"{effort.seconds:g}"]
    words += ["--seed", str(seed), "--noise-repeats", str(options.noise_repeats)]
    if options.time_limit is not None:
        words += ["--time-limit", f"{options.time_limit:g}"]
    return shlex.join(words)
