"""`run`: plan, refuse what cannot be, start a run folder or go on with one."""

from __future__ import annotations

import random
import re
import sys
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean
from typing import Sequence

from limiterbench.common import environment
from limiterbench.common.errors import HostError, InputError
from limiterbench.common.files import replace_text
from limiterbench.common.versions import versions
from limiterbench.doctor.checks import examine
from limiterbench.doctor.host import look
from limiterbench.doctor.show import brief, wants_colour
from limiterbench.records import contention
from limiterbench.records import manifest as manifests
from limiterbench.records import run_folder
from limiterbench.records.cells import Cell
from limiterbench.records.fields import BadField, parse_object
from limiterbench.records.finding import FAIL, Finding, worse_of
from limiterbench.records.manifest import Manifest, RunPlan, Topology
from limiterbench.records.records import read_attempts
from limiterbench.run import budget as budgets
from limiterbench.run import effort as efforts
from limiterbench.run.cell_process import utc_now
from limiterbench.run.effort import Effort
from limiterbench.run.measuring import measure
from limiterbench.run.plan import Plan, make_plan, thin, without_unasked
from limiterbench.run.plan_text import describe, describe_rest, reproducing_command
from limiterbench.run.program import Layouts, Program
from limiterbench.run.request import Request
from limiterbench.run.schedule import most_repeats, repeats, turns_left

# Mapping a host of 64 CPUs takes some ten seconds. More is not worth the wait.
_LONGEST_MAP_SECONDS = 30.0
_SEE_DOCTOR = "./scripts/doctor says what to do"


def _phases(plan: Plan, cells: Sequence[Cell] | None = None) -> float:
    return fmean(plan.phases(plan.cells if cells is None else cells))


def _plan(program: Program, request: Request, home: str | None) -> tuple[Plan, Effort]:
    started = time.monotonic()
    budget = budgets.parse(request.budget) if request.budget else None
    plan = make_plan(program, request)
    if plan.is_this_host and not request.dry_run:
        program.require_binding(replace(request, home=home))
    overhead = efforts.overhead_of(program, plan, request.oversubscribes)
    if budget is not None:
        plan, effort = budgets.fit(plan, request, budget, overhead)
        return plan, replace(effort, deadline=started + budget - effort.once)
    if not request.full:
        plan = without_unasked(plan, request)
        plan = thin(plan, request, lambda phases: efforts.is_affordable(overhead, phases))
    effort = efforts.choose(request, len(plan.cells), overhead, _phases(plan))
    return plan, replace(effort, once=efforts.once_of(plan))


def _manifest(
    program: Program, plan: Plan, effort: Effort, layouts: Layouts, request: Request, root: Path
) -> Manifest:
    program = Program(program.path, layouts.number)
    about = program.about()
    seed = request.seed if request.seed is not None else random.SystemRandom().getrandbits(32)
    return Manifest(
        started_utc=utc_now(),
        host=about.host,
        timer=about.timer,
        topology=Topology(plan.summary, plan.cpus, plan.boundaries),
        rows=[row.values for row in plan.rows],
        plan=RunPlan(
            mode=effort.mode,
            seed=seed,
            cells=plan.cells,
            repetitions=effort.repetitions,
            seconds=effort.seconds,
            time_limit=request.time_limit
            or efforts.time_limit(effort.seconds, max(plan.phases(plan.cells))),
            oversubscribe=request.oversubscribes,
            noise_repeats=request.noise_repeats,
            home=request.home,
            writer=request.writer,
            rates=request.rates,
            layouts=layouts.number,
        ),
        command=reproducing_command(request, effort, layouts.number, seed),
        versions={**versions(root, about.versions), "program": about.versions},
        program_sha256=program.digest(),
        status=manifests.INTERRUPTED,
        environment=environment.recorded(),
        layouts_absent=layouts.absent,
    )


def _examine(cells: Sequence[Cell], root: Path, strict: bool) -> list[Finding]:
    """What the doctor finds for as many threads as will run, the writer included."""
    threads = max(cell.threads for cell in cells) + 1
    findings = examine(look(root, threads))
    fails = [f"{f.check}: {f.seen}" for f in findings if f.status == FAIL]
    if strict and fails:
        raise InputError("\n".join(["--strict: nothing is measured here", *fails, _SEE_DOCTOR]))
    return findings


def _say(findings: Sequence[Finding]) -> None:
    text = brief(findings, wants_colour(sys.stdout))
    if text:
        print(f"{text}\n", flush=True)


def _default_folder(root: Path, manifest: Manifest) -> Path:
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", manifest.hostname).strip("-.") or "host"
    utc = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return root / "results" / f"{host}_{utc}_{manifest.versions['commit']}"


def _map_contention(program: Program, folder: Path) -> str | None:
    """Writes contention.json, as the program prints it. Returns why, if that cannot be."""
    try:
        text = program.ask("--contention_map=json", seconds=_LONGEST_MAP_SECONDS)
        contention.parse(parse_object(text))
    except (HostError, InputError) as error:
        return str(error).splitlines()[0]
    except BadField as error:
        return f"the program's contention map cannot be used: {error}"
    replace_text(folder / contention.CONTENTION, text)
    return None


def run(request: Request, program: Program, root: Path, host_root: Path) -> int:
    """`host_root`: where the doctor finds /proc and /sys."""
    if request.resume is not None:
        return _resume(request, request.resume, program, root, host_root)
    plan, effort = _plan(program, request, request.home)
    layouts = program.choose_layouts(request.layouts_of(effort.repetitions))
    again = request.noise_repeats > 0
    if request.dry_run:
        print(describe(plan, effort, request.out, again, layouts))
        return 0
    if not plan.is_this_host:
        raise InputError("this topology is another host's: only --dry-run can use it")
    manifest = _manifest(program, plan, effort, layouts, request, root)
    folder = request.out or _default_folder(root, manifest)
    run_folder.refuse_unless_new(folder)
    manifest = replace(manifest, doctor=_examine(plan.cells, host_root, request.strict))
    _say(manifest.doctor)
    print(describe(plan, effort, folder, again, layouts), flush=True)
    run_folder.create(folder, manifest, program.write_topology)
    with run_folder.dropped_if_empty(folder):
        manifest = replace(manifest, contention_absent=_map_contention(program, folder))
        program = Program(program.path, layouts.number)
        return measure(folder, manifest, program, effort, request.strict)


def _resume(request: Request, folder: Path, program: Program, root: Path, host_root: Path) -> int:
    stored = run_folder.open_run(folder)
    plan, effort = _plan(program, request, stored.plan.home)
    phases = _phases(plan, stored.plan.cells)
    effort = replace(effort, seconds=stored.plan.seconds, phases=phases)
    layouts = program.require_layouts(stored.plan.layouts)
    now = _manifest(program, plan, effort, layouts, request, root)
    run_folder.check_same(folder, stored, now)
    if request.time_limit is not None:
        stored = replace(stored, plan=replace(stored.plan, time_limit=request.time_limit))
    attempts = read_attempts(folder / run_folder.CELLS, stored.plan.cells, torn_end=True)
    again = repeats(stored.plan, attempts)
    turns = turns_left(stored.plan, attempts) + again
    if request.dry_run:
        more = most_repeats(stored.plan, attempts) - len(again)
        print(describe_rest(effort, len(turns), more))
        return 0
    run_folder.refuse_unless_resumable(folder)
    if turns:
        found = _examine([turn.cell for turn in turns], host_root, request.strict)
        _say(found)
        stored = replace(stored, doctor=worse_of(stored.doctor, found))
    program = Program(program.path, layouts.number)
    return measure(folder, stored, program, effort, request.strict)
