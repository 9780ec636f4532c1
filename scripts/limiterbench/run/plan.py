"""Which cells to measure: asked of the program, narrowed by the user's choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Collection, Sequence

from limiterbench.common.errors import HostError, InputError
from limiterbench.records.cells import Cell, parse_cell
from limiterbench.records.fields import BadField, Fields
from limiterbench.records.manifest import Boundary, parse_boundaries
from limiterbench.run.program import Program
from limiterbench.run.request import Request


@dataclass(frozen=True)
class Scenario:
    sweeps_load: bool
    principal: bool
    phases: float
    on_request: bool = False


@dataclass(frozen=True)
class Row:
    name: str
    values: dict[str, object]


@dataclass(frozen=True)
class Plan:
    is_this_host: bool
    cpus: int
    cores: int
    milestones: list[int]
    summary: str
    rows: list[Row]
    boundaries: dict[str, list[Boundary]]
    cells: list[Cell]
    scenarios: dict[str, Scenario]
    left_out: int = 0

    @property
    def oversubscribed(self) -> list[Cell]:
        """With more threads than CPUs."""
        return [cell for cell in self.cells if _is_beyond(cell, self)]

    def phases(self, cells: Sequence[Cell]) -> list[float]:
        """Of each cell: how many phases long a repetition of it is."""
        return [self.scenarios[cell.scenario].phases for cell in cells]


def _cell(fields: Fields) -> Cell:
    cell = parse_cell(fields.text("cell"))
    if cell is None:
        fields.refuse("cell", "is not limiter/scenario/placement/threads:N")
    return cell


def _scenarios(entries: list[Fields]) -> dict[str, Scenario]:
    return {
        entry.text("name"): Scenario(
            entry.flag("sweeps_load"),
            entry.flag("principal"),
            entry.number("phases"),
            entry.flag("on_request"),
        )
        for entry in entries
    }


def _parse(fields: Fields) -> Plan:
    host = fields.object("host")
    scenarios = _scenarios(fields.objects("scenarios"))
    cells = [_cell(entry) for entry in fields.objects("cells")]
    for cell in cells:
        if cell.scenario not in scenarios:
            fields.refuse("scenarios", f"lacks '{cell.scenario}', of cell {cell.name}")
    return Plan(
        is_this_host=host.flag("is_this_host"),
        cpus=host.integer("cpus", at_least=1),
        cores=host.integer("cores", at_least=1),
        milestones=fields.integers("milestones"),
        summary=host.text("summary"),
        rows=[Row(row.text("name"), dict(row.values)) for row in fields.objects("rows")],
        boundaries=parse_boundaries(fields.object("boundaries")),
        cells=cells,
        scenarios=scenarios,
    )


def without_unasked(plan: Plan, request: Request) -> Plan:
    """For a quick look: some scenarios only if they are asked for."""
    if request.scenario:
        return plan
    cells = [cell for cell in plan.cells if not plan.scenarios[cell.scenario].on_request]
    return replace(plan, cells=cells, left_out=plan.left_out + len(plan.cells) - len(cells))


def _is_beyond(cell: Cell, plan: Plan) -> bool:
    return cell.threads > plan.cpus


def thin(plan: Plan, request: Request, is_affordable: Callable[[list[float]], bool]) -> Plan:
    """For a quick look: fewer cells, not shorter ones. `is_affordable`: cells of so many phases.

    An open loop, which takes several times as long, runs only where most threads have a CPU each.
    While there are too many cells, and unless the user chose, it keeps only the first placement,
    then only the milestones; then in all but the principal scenario only one thread, all cores and
    all CPUs, then only all CPUs. Thread counts beyond the CPUs stay.
    """
    cells = plan.cells
    most = max((cell.threads for cell in cells if not _is_beyond(cell, plan)), default=0)

    def only(counts: Collection[int], of: Callable[[Scenario], bool]) -> Callable[[Cell], bool]:
        return lambda cell: (
            cell.threads in counts
            or _is_beyond(cell, plan)
            or not of(plan.scenarios[cell.scenario])
        )

    steps: list[Callable[[Cell], bool]] = []
    if not request.placement:
        steps.append(lambda cell: cell.placement == plan.cells[0].placement)
    if request.threads is None:
        cells = list(filter(only({most}, lambda scenario: scenario.sweeps_load), cells))
        steps.append(only(plan.milestones, lambda scenario: True))
    if request.threads is None and not request.scenario:
        for counts in ({1, plan.cores, plan.cpus}, {most}):
            steps.append(only(counts, lambda scenario: not scenario.principal))
    for keep in steps:
        if not is_affordable(plan.phases(cells)):
            cells = list(filter(keep, cells))
    return replace(plan, cells=cells, left_out=plan.left_out + len(plan.cells) - len(cells))


def make_plan(program: Program, request: Request) -> Plan:
    """The program itself refuses what is unknown or impossible: it alone knows what there is.

    Without a choice of placements it offers those that differ on this host.
    """
    fields = program.ask_json("--plan=json", *request.program_flags())
    try:
        plan = _parse(fields)
    except BadField as error:
        raise HostError(f"{program.path} --plan=json: {error}") from None
    if len(set(plan.cells)) != len(plan.cells):
        raise HostError(f"{program.path} --plan=json: a cell is listed twice")
    if not plan.cells:
        raise InputError("nothing to measure: no cell has all that was asked for")
    return plan
