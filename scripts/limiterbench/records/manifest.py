"""`run.json`: what was planned, where, by which build; enough to resume and to redraw."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Mapping, NoReturn

from limiterbench.common.errors import InputError
from limiterbench.common.files import replace_text
from limiterbench.records import schema
from limiterbench.records.cells import Cell, parse_cell
from limiterbench.records.fields import BadField, Fields, parse_object
from limiterbench.records.finding import Finding
from limiterbench.records.finding import read as read_finding
from limiterbench.records.records import SCHEMA, check_schema

# Held from the start to the last repetition, so that a killed run needs no other mark.
INTERRUPTED = "interrupted"
COMPLETE = "complete"
FAILED = "failed"


@dataclass(frozen=True)
class Boundary:
    """Beyond this many threads, a new complex, package, … or SMT sibling is entered."""

    threads: int
    kind: str


@dataclass(frozen=True)
class Topology:
    summary: str
    cpus: int
    boundaries: dict[str, list[Boundary]]


@dataclass(frozen=True)
class RunPlan:
    mode: str
    seed: int
    cells: list[Cell]
    repetitions: int
    seconds: float
    time_limit: float
    oversubscribe: bool
    noise_repeats: int = 0
    """How often a disturbed repetition is measured again."""
    home: str | None = None
    writer: str | None = None
    rates: str | None = None
    """That an open loop offers, in place of its own."""
    layouts: int = 1
    """Of the program: repetition i is measured by layout i modulo their number."""


@dataclass(frozen=True)
class Manifest:
    started_utc: str
    host: dict[str, Any]
    timer: dict[str, Any]
    topology: Topology
    rows: list[dict[str, object]]
    plan: RunPlan
    command: str
    versions: dict[str, Any]
    program_sha256: str
    status: str
    # Empty in a run of before there was a doctor.
    doctor: list[Finding] = field(default_factory=list)
    # Only in a prediction: the host file and what was assumed.
    simulated: dict[str, Any] | None = None
    contention_absent: str | None = None
    """Why there is no contention.json; also None in a run of before there was one."""
    environment: dict[str, Any] | None = None
    """The variables that reached the program and can change numbers; None in an older run."""
    layouts_absent: str | None = None
    """Why the program has fewer layouts than were wanted."""

    @property
    def hostname(self) -> str:
        return str(self.host.get("hostname") or "unknown host")

    @property
    def built(self) -> Mapping[str, Any]:
        """What the program says of its build; in an old run, what the scripts found."""
        program = self.versions.get("program")
        return program if isinstance(program, dict) else self.versions

    @property
    def variables(self) -> str:
        return " ".join(f"{name}={value}" for name, value in (self.environment or {}).items())


def parse_boundaries(fields: Fields) -> dict[str, list[Boundary]]:
    return {
        placement: [
            Boundary(entry.integer("threads", at_least=1), entry.text("kind"))
            for entry in fields.objects(placement)
        ]
        for placement in fields.values
    }


def write(path: Path, manifest: Manifest) -> None:
    plan = {**asdict(manifest.plan), "cells": [cell.name for cell in manifest.plan.cells]}
    values = {"schema": SCHEMA, **asdict(manifest), "plan": plan}
    if manifest.simulated is None:
        del values["simulated"]
    replace_text(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> Manifest:
    """Raises InputError `file:line: reason`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}:1: not UTF-8 text") from None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    try:
        fields = parse_object(text)
        check_schema(fields)
        schema.check("run", fields.values)
        return _manifest(fields)
    except BadField as error:
        _refuse(path, text, error)


def _refuse(path: Path, text: str, error: BadField) -> NoReturn:
    """Points at the field's own line, where the file has one for it."""
    key = str(error).split(" ", 1)[0].split(".")[-1].partition("[")[0]
    before = text.partition(f'"{key}"')
    line = before[0].count("\n") + 1 if before[1] else 1
    raise InputError(f"{path}:{line}: {error}")


def _manifest(fields: Fields) -> Manifest:
    topology = fields.object("topology")
    return Manifest(
        started_utc=fields.text("started_utc"),
        host=fields.mapping("host"),
        timer=fields.mapping("timer"),
        topology=Topology(
            topology.text("summary"),
            topology.integer("cpus", at_least=1),
            parse_boundaries(topology.object("boundaries")),
        ),
        rows=[dict(row.values) for row in fields.objects("rows")],
        plan=_plan(fields.object("plan")),
        command=fields.text("command"),
        versions=fields.mapping("versions"),
        program_sha256=fields.text("program_sha256"),
        status=fields.text("status"),
        doctor=[read_finding(entry) for entry in fields.maybe("doctor", fields.objects) or []],
        simulated=fields.maybe("simulated", fields.mapping),
        contention_absent=fields.maybe("contention_absent", fields.text),
        environment=fields.maybe("environment", fields.mapping),
        layouts_absent=fields.maybe("layouts_absent", fields.text),
    )


def _plan(fields: Fields) -> RunPlan:
    cells = [parse_cell(name) for name in fields.texts("cells")]
    known = [cell for cell in cells if cell is not None]
    if len(known) != len(cells):
        fields.refuse("cells", "has a name that is not limiter/scenario/placement/threads:N")
    return RunPlan(
        mode=fields.text("mode"),
        seed=fields.integer("seed"),
        cells=known,
        repetitions=fields.integer("repetitions", at_least=1),
        seconds=fields.number("seconds"),
        time_limit=fields.number("time_limit"),
        oversubscribe=fields.flag("oversubscribe"),
        noise_repeats=fields.maybe("noise_repeats", fields.integer) or 0,
        home=fields.maybe("home", fields.text),
        writer=fields.maybe("writer", fields.text),
        rates=fields.maybe("rates", fields.text),
        layouts=fields.integer("layouts", at_least=1) if fields.has("layouts") else 1,
    )
