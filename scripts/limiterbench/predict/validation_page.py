"""How far off the model was, as Markdown, from the stored validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.predict.answers import span
from limiterbench.predict.points import Band
from limiterbench.predict.validate import FILE, folder_of
from limiterbench.records.fields import BadField, Fields, parse_object


class Validation(NamedTuple):
    path: Path
    values: Dict[str, object]

    @property
    def fields(self) -> Fields:
        return Fields(self.values)


def read_validation(root: Path) -> Validation:
    path = folder_of(root) / FILE
    try:
        return Validation(path, dict(parse_object(path.read_text(encoding="utf-8")).values))
    except OSError as error:
        raise InputError(f"{display(path)}: {error.strerror}") from None
    except BadField as error:
        raise InputError(f"{display(path)}: {error}") from None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def summary(validation: Validation) -> List[str]:
    """How far off the model was, wherever that is known: a line each."""
    fields = validation.fields
    lines = ["| held against | fitted on it | error of the model |", "|---|---|---:|"]
    for curve in fields.objects("published"):
        errors = curve.object("mean_error")
        shares = [errors.number(policy) for policy in errors.values]
        errors_span = Band(min(shares), max(shares))
        lines.append(
            f"| `{curve.text('reference')}` on `{curve.text('host')}`, from "
            f"{curve.integer('from_threads')} threads up, mean over the points | "
            f"{'alpha' if curve.flag('fitted') else 'nothing'} | {span(errors_span, _percent)} |"
        )
    own = fields.object("own_host")
    medians = own.object("median_error")
    for scenario in medians.values:
        lines.append(
            f"| designs of `{own.text('run')}`, {scenario}, all threads, median over the designs | "
            f"1 thread, and one contended word | {_percent(medians.number(scenario))} |"
        )
    return lines


def published(validation: Validation) -> List[str]:
    lines: List[str] = []
    for curve in validation.fields.objects("published"):
        policies = list(curve.object("mean_error").values)
        lines += [
            f"**`{curve.text('reference')}` on `{curve.text('host')}`**, ns an operation of all "
            f"threads. Measured: {curve.text('source')}.",
            "",
            f"| threads | measured | {' | '.join(policies)} |",
            "|---:" * (2 + len(policies)) + "|",
        ]
        for point in curve.objects("points"):
            model, measured = point.object("model_ns"), point.number("measured_ns")
            cells = [
                f"{model.number(name):.1f} ({100 * (model.number(name) / measured - 1):+.0f} %)"
                for name in policies
            ]
            lines.append(f"| {point.integer('threads')} | {measured:.1f} | {' | '.join(cells)} |")
        errors = curve.object("mean_error")
        cells = [_percent(errors.number(name)) for name in policies]
        about = f"mean error from {curve.integer('from_threads')} up"
        lines += [f"| {about} | | {' | '.join(cells)} |", ""]
    return lines


def own_host(validation: Validation) -> List[str]:
    own = validation.fields.object("own_host")
    figures = own.object("figures")
    lines = [
        f"{own.text('name')}: `{own.text('run')}`; rmw {figures.number('rmw_ns'):.2f} ns, transfer "
        f"{json.dumps(figures.object('transfer_ns').values)} ns, alpha "
        f"{figures.number('alpha'):g}, fitted.",
        "",
        "| design | scenario | threads | measured, ns | model, ns | error |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for row in own.objects("rows"):
        # An error has a sign, which Fields.number refuses.
        error = float(str(row.values["error"]))
        lines.append(
            f"| `{row.text('row')}` | {row.text('scenario')} | {row.integer('threads')} | "
            f"{row.number('measured_ns'):.1f} | {row.number('model_ns'):.1f} | "
            f"{100 * error:+.0f} % |"
        )
    return lines


def _marks(rows: Sequence[str]) -> str:
    return ", ".join(f"`{row}`" for row in rows) or "none"


def wrong(validation: Validation) -> List[str]:
    """The designs with an error above their own cost, and those without time for instructions."""
    own = validation.fields.object("own_host")
    scenarios = own.object("median_error").values
    lines = [f"- on this project's own host (`{own.text('run')}`), an error over 100 %:"]
    for scenario in scenarios:
        rows = [
            row.text("row")
            for row in own.objects("rows")
            if row.text("scenario") == scenario and float(str(row.values["error"])) > 1
        ]
        lines.append(f"  in `{scenario}` {_marks(rows)};")
    instructions = own.object("figures").object("instructions_ns").values
    free = [row for row, ns in instructions.items() if ns == 0]
    lines.append(f"- designs with `instructions_ns` 0 there, from 1 thread on: {_marks(free)}.")
    return lines


def sensitivity(validation: Validation) -> List[str]:
    lines: List[str] = []
    for tried in validation.fields.objects("sensitivity"):
        lines += [*_sensitivity(tried), ""]
    return lines


def _sensitivity(tried: Fields) -> List[str]:
    decided = tried.object("decided")
    changes = tried.objects("changes")
    lines = [
        f"`{tried.text('host')}`, {tried.text('scenario')}, "
        f"{units.count(tried.integer('threads'), 'thread')}: of {tried.integer('pairs')} pairs of "
        f"designs, {decided.integer('throughput')} are decided by throughput and "
        f"{decided.integer('p99')} by p99. With one figure off by a factor:",
        "",
        "| figure | off by | orders that change | of them reversed | which |",
        "|---|---:|---:|---:|---|",
    ]
    for entry in tried.objects("tried"):
        figure, factor = entry.text("figure"), entry.number("factor")
        own = [c for c in changes if c.text("figure") == figure and c.number("factor") == factor]
        which = ", ".join(
            f"{'/'.join(str(row) for row in change.array('pair'))} ({change.text('value')})"
            for change in own
        )
        reversed_ = sum(change.flag("reverses") for change in own)
        lines.append(f"| {figure} | {factor:g} | {len(own)} | {reversed_} | {which or '-'} |")
    return lines
