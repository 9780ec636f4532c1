"""The section where a reader says what is needed and sees which rows qualify.

Without scripts it is a table of all rows in the headline scenario.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence, Tuple

from limiterbench.common import units
from limiterbench.report import choices
from limiterbench.report.contest import contests, headline
from limiterbench.report.html import Html, join, table, tag
from limiterbench.report.stored import StoredRun

Options = List[Tuple[str, str]]

_HEADS = (
    *("row", "decisions/s", "lowest to highest", "p99", "lowest to highest", "over", "held"),
    *("publish", "reloads/s", "worst elsewhere", "progress", "needs"),
)
_MEMORY = (1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20, 16 << 20)
_EXACTNESS = [
    ("exact", "never over the limit"),
    ("approximate", "over, within a proven bound"),
    ("any", "any, another contract too"),
]
_PROGRESS = [
    ("0", "may block"),
    ("1", "lock-free within a window"),
    ("2", "always lock-free"),
    ("3", "wait-free"),
]
_NEEDS = [
    ("any", "libraries are fine"),
    ("library", "no library"),
    ("platform", "no library, no rseq"),
]
_RANK = [("ops", "decisions a second"), ("p99", "p99")]
_ABOUT = (
    "≤: not told from what an empty decision reads. Over: permits beyond the limit, at the most. "
    "Held: bytes of configurations and counters in "
    "use and not yet freed. Publish: what a reload takes, in the median. "
    "Reloads/s: as achieved; rows that differ in it did unequal work. Worst elsewhere: "
    "throughput as a share of the fastest row's, in the scenario where that is least, at as many "
    "threads and in the same placement."
)


def section(runs: Sequence[StoredRun]) -> Html:
    usable = [run for run in runs if contests(run)]
    if not usable:
        return Html("")
    data = {"runs": [_data(run) for run in usable]}
    # No text in it may end the element that holds it.
    text = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    return tag(
        "section",
        tag("h2", "Choose a row"),
        tag("p", "Say what you need; the rows that qualify are ranked from the records."),
        _form(usable),
        tag("p", "", id="chosen", role="status"),
        tag("div", _plain_table(usable[0]), id="choices"),
        tag("p", "", id="refused", class_="small"),
        tag("p", _ABOUT, class_="small"),
        Html(f'<script type="application/json" id="data">{text}</script>'),
        id="choose",
    )


def _data(run: StoredRun) -> Dict[str, Any]:
    return {
        "cpus": run.manifest.topology.cpus,
        "cells": choices.cells(run),
        "rows": choices.rows(run),
    }


def _choice(name: str, label: str, options: Options, chosen: str = "") -> Html:
    made = [
        tag("option", words, value=value, selected=bool(chosen) and value == chosen)
        for value, words in options
    ]
    select = tag("select", made, name=name)
    return tag("label", tag("span", label), select, hidden=len(options) < 2)


def _form(runs: Sequence[StoredRun]) -> Html:
    fields = [field for run in runs for field in contests(run)]
    first = headline(runs[0]) or fields[0]
    counts = sorted({field.threads for field in fields})
    held = [cell["held"] for run in runs for cell in choices.cells(run)]
    # Of the runs that have a scenario, the first says its rate, at the most threads.
    rates = {
        field.scenario: choices.reloads(field) for run in reversed(runs) for field in contests(run)
    }
    made = [
        _choice("run", "run", [(str(i), run.name) for i, run in enumerate(runs)]),
        _choice("threads", "threads", [(str(n), str(n)) for n in counts], str(first.threads)),
        _choice(
            "scenario",
            "load",
            [(name, f"{name}: {rates[name]}") for name in sorted(rates)],
            first.scenario,
        ),
        _choice(
            "placement",
            "placement",
            [(name, name) for name in sorted({field.placement for field in fields})],
            first.placement,
        ),
        _choice("exactness", "exactness", _EXACTNESS),
        _choice("memory", "memory held", _memory(held)),
        _choice("progress", "progress", _PROGRESS),
        _choice("needs", "portability", _NEEDS),
        _choice("rank", "rank by", _RANK),
    ]
    return tag("form", made, id="wishes", hidden=True)


def _memory(held: Sequence[Any]) -> Options:
    """Only bounds that leave some rows out and some in."""
    known = [value for value in held if value is not None]
    bounds = [bound for bound in _MEMORY if known and min(known) <= bound < max(known)]
    return [("", "any"), *((str(bound), f"at most {choices.size(bound)}") for bound in bounds)]


def _plain_table(run: StoredRun) -> Html:
    field = headline(run)
    if field is None:
        return Html("")
    cells, rows = choices.cells(run), choices.rows(run)
    lines = [_line(cell, rows[cell["row"]], cells) for cell in choices.cells_of(field)]
    caption = f"{field.scenario}, {field.placement}, {units.count(field.threads, 'thread')}"
    return join([tag("p", caption), table(_HEADS, lines, labels=True)])


def _line(cell: Dict[str, Any], row: Dict[str, Any], cells: Sequence[Dict[str, Any]]) -> List[str]:
    return [
        tag("code", cell["row"]),
        *(cell[metric][part] for metric in ("ops", "p99") for part in ("text", "ends")),
        str(cell["over"]),
        cell["held_text"],
        cell["publish_text"],
        cell["reloads_text"],
        _elsewhere(cell, cells),
        row["progress"],
        row["needs"],
    ]


def _elsewhere(cell: Dict[str, Any], cells: Sequence[Dict[str, Any]]) -> str:
    same = ("row", "placement", "threads")
    others = [
        (other["share"], other["scenario"])
        for other in cells
        if other["scenario"] != cell["scenario"] and all(other[key] == cell[key] for key in same)
    ]
    if not others:
        return "not measured"
    share, scenario = min(others)
    return f"{100 * share:.0f} % in {scenario}"
