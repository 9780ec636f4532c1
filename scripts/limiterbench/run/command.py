"""`run`: plan, refuse what cannot be, start a run folder or go on with one."""

from __future__ import annotations

import random
import re
import sys
import time
from argparse import Namespace
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean
from typing import List, Optional, Sequence, Tuple

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
from limiterbench.run import effort as efforts
from limiterbench.run import layouts
from limiterbench.run import rehearsal
from limiterbench.run.cell_process import utc_now
from limiterbench.run.effort import Effort
from limiterbench.run.layouts import Layouts
from limiterbench.run.measuring import measure, turns_left
from limiterbench.run.noise import most_repeats, repeats
from limiterbench.run.plan import Choice, Plan, make_plan, thin, without_sweeps
from limiterbench.run.plan_text import describe, describe_rest, reproducing_command
from limiterbench.run.program import Program

# Mapping a host of 64 CPUs takes some ten seconds. More is not worth the wait.
_LONGEST_MAP_SECONDS = 30.0
_SEE_DOCTOR = "./scripts/doctor says what to do"


def _oversubscribes(options: Namespace) -> bool:
    """The full plan does, except with thread counts of the user's own."""
    return bool(options.oversubscribe or (options.full and options.threads is None))


def _choice(options: Namespace) -> Choice:
    return Choice(
        limiters=options.impl,
        scenarios=options.scenario,
        placements=options.placement,
        threads=options.threads,
        oversubscribe=_oversubscribes(options),
        topology=options.topology,
        home=options.home,
        writer=options.writer,
    )


def _phases(plan: Plan, cells: Optional[Sequence[Cell]] = None) -> float:
    return fmean(plan.phases(plan.cells if cells is None else cells))


def _plan(program: Program, options: Namespace, home: Optional[str]) -> Tuple[Plan, Effort]:
    started = time.monotonic()
    program.ask("--environment")
    overhead = time.monotonic() - started
    plan = make_plan(program, _choice(options))
    mode = "full" if options.full else "quick"
    if mode == "quick":
        plan = without_sweeps(plan, _choice(options))
        plan = thin(plan, _choice(options), efforts.affordable(overhead, _phases(plan)))
    effort = efforts.choose(
        mode, len(plan.cells), overhead, _phases(plan), options.repetitions, options.seconds
    )
    if plan.is_this_host:
        if not options.dry_run:
            program.require_binding(home)
        overhead = rehearsal.overhead(program, plan, _oversubscribes(options))
    return plan, replace(effort, overhead=overhead, once=rehearsal.once(plan))


def _manifest(
    program: Program,
    plan: Plan,
    effort: Effort,
    of_program: Layouts,
    options: Namespace,
    root: Path,
) -> Manifest:
    program = Program(program.path, of_program.number)
    about = program.about()
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
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
            time_limit=options.time_limit
            or efforts.time_limit(effort.seconds, max(plan.phases(plan.cells))),
            oversubscribe=_oversubscribes(options),
            noise_repeats=options.noise_repeats,
            home=options.home,
            writer=options.writer,
            layouts=of_program.number,
        ),
        command=reproducing_command(options, effort, of_program.number, seed),
        versions={**versions(root, about.versions), "program": about.versions},
        program_sha256=program.digest(),
        status=manifests.INTERRUPTED,
        environment=environment.recorded(),
        layouts_absent=of_program.absent,
    )


def _examine(cells: Sequence[Cell], root: Path, strict: bool) -> List[Finding]:
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


def _map_contention(program: Program, folder: Path) -> Optional[str]:
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


def run(options: Namespace, program: Program, root: Path, host_root: Path) -> int:
    """`host_root`: where the doctor finds /proc and /sys."""
    if options.resume is not None:
        return _resume(options, program, root, host_root)
    folder: Optional[Path] = options.out
    plan, effort = _plan(program, options, options.home)
    of_program = layouts.choose(program, options.layouts, effort.repetitions)
    if options.dry_run:
        print(describe(plan, effort, folder, options.noise_repeats > 0, of_program))
        return 0
    if not plan.is_this_host:
        raise InputError("this topology is another host's: only --dry-run can use it")
    manifest = _manifest(program, plan, effort, of_program, options, root)
    folder = folder or _default_folder(root, manifest)
    run_folder.refuse_unless_new(folder)
    manifest = replace(manifest, doctor=_examine(plan.cells, host_root, options.strict))
    _say(manifest.doctor)
    print(describe(plan, effort, folder, options.noise_repeats > 0, of_program), flush=True)
    run_folder.create(folder, manifest, program.write_topology)
    with run_folder.dropped_if_empty(folder):
        manifest = replace(manifest, contention_absent=_map_contention(program, folder))
        program = Program(program.path, of_program.number)
        return measure(folder, manifest, program, effort, options.strict)


def _resume(options: Namespace, program: Program, root: Path, host_root: Path) -> int:
    folder: Path = options.resume
    stored = run_folder.open_run(folder)
    plan, effort = _plan(program, options, stored.plan.home)
    phases = _phases(plan, stored.plan.cells)
    effort = replace(effort, seconds=stored.plan.seconds, phases=phases)
    count = stored.plan.layouts
    layouts.require(program, count)
    now = _manifest(program, plan, effort, Layouts(count), options, root)
    run_folder.check_same(folder, stored, now)
    if options.time_limit is not None:
        stored = replace(stored, plan=replace(stored.plan, time_limit=options.time_limit))
    attempts = read_attempts(folder / run_folder.CELLS, stored.plan.cells, torn_end=True)
    again = repeats(stored.plan, attempts)
    turns = turns_left(stored.plan, attempts) + again
    if options.dry_run:
        more = most_repeats(stored.plan, attempts) - len(again)
        print(describe_rest(effort, len(turns), more))
        return 0
    run_folder.refuse_unless_resumable(folder)
    if turns:
        found = _examine([turn.cell for turn in turns], host_root, options.strict)
        _say(found)
        stored = replace(stored, doctor=worse_of(stored.doctor, found))
    program = Program(program.path, count)
    return measure(folder, stored, program, effort, options.strict)
