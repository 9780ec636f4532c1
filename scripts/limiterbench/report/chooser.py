"""What the chooser shows: every measured cell, ranked, and why a wish leaves a design out.

The page only picks: which field to show, which of its designs no wish refuses, in which order.
Without scripts it shows the headline's field.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.report.contest import (
    P99,
    THROUGHPUT,
    Contest,
    Entrant,
    Metric,
    contests,
    headline,
)
from limiterbench.report.stored import StoredRun

HEADS = (
    *("", "design", "decisions/s", "p99", "over", "held", "publish", "reloads/s"),
    *("worst elsewhere", "progress", "needs"),
)
_METRICS = {"ops": THROUGHPUT, "p99": P99}
_MEMORY = (1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20, 16 << 20)


class Select(NamedTuple):
    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str = ""


# A refusal's key is the name of a select, "=" and the option's value.
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


class Line(NamedTuple):
    design: str
    summary: str
    rank: str
    """Among all designs of the field, by decisions a second."""
    numbers: list[tuple[str, str]]
    """Median and interval, of each metric."""
    costs: list[str]
    words: list[str]
    facts: dict[str, Any]
    """For the page: by metric its `place` and `better`, the lines that are better for certain;
    `refused` says why, by wish."""


class Field(NamedTuple):
    """The designs of one run, thread count, scenario and placement."""

    key: str
    title: str
    note: str
    lines: list[Line]


class Chooser(NamedTuple):
    selects: list[Select]
    fields: list[Field]
    shown: str
    """The key of the field that a page without scripts shows."""
    heads: Sequence[str] = HEADS


def chooser(runs: Sequence[StoredRun]) -> Chooser | None:
    usable = [(run, found) for run in runs for found in [contests(run)] if found]
    if not usable:
        return None
    first = headline(usable[0][0]) or usable[0][1][0]
    bounds = _bounds([e for _, found in usable for contest in found for e in contest.limiting()])
    fields = [
        _field(number, run, contest, found, bounds)
        for number, (run, found) in enumerate(usable)
        for contest in found
    ]
    return Chooser(_selects(usable, first, bounds), fields, _key(0, first))


def _key(run: int, contest: Contest) -> str:
    return f"{run}/{contest.threads}/{contest.scenario}/{contest.placement}"


def _bounds(entrants: Sequence[Entrant]) -> list[int]:
    """Bounds on the memory held, only those that leave some designs out and some in."""
    held = [value for value in map(held_bytes, entrants) if value is not None]
    return [bound for bound in _MEMORY if held and min(held) <= bound < max(held)]


def _selects(
    usable: Sequence[tuple[StoredRun, list[Contest]]], first: Contest, bounds: Sequence[int]
) -> list[Select]:
    contests = [contest for _, found in usable for contest in found]
    # A scenario's rate is that of the first run that has it, at the most threads.
    rates = {c.scenario: _reloads(c) for _, found in reversed(usable) for c in found}
    counts = sorted({contest.threads for contest in contests})
    placements = sorted({contest.placement for contest in contests})
    sizes = [(str(bound), f"at most {units.size(bound)}") for bound in bounds]
    scenarios = [(name, f"{name}: {rates[name]}") for name in sorted(rates)]
    return [
        Select("run", "run", [(str(i), run.name) for i, (run, _) in enumerate(usable)]),
        Select("threads", "threads", [(str(n), str(n)) for n in counts], str(first.threads)),
        Select("scenario", "load", scenarios, first.scenario),
        Select("placement", "placement", [(p, p) for p in placements], first.placement),
        Select("exactness", "exactness", _EXACTNESS),
        Select("memory", "memory held", [("", "any"), *sizes]),
        Select("progress", "progress", _PROGRESS),
        Select("needs", "portability", _NEEDS),
        Select("rank", "rank by", _RANK),
    ]


def _reloads(contest: Contest) -> str:
    """As achieved: a design that publishes slowly is asked less often."""
    rates = [e.known("reloads_median_per_second") for e in contest.entrants.values()]
    low, high = units.rate(min(rates), 2), units.rate(max(rates), 2)
    if max(rates) == 0:
        return "no reload"
    return f"{low} reloads/s" if low == high else f"{low} to {high} reloads/s"


def _field(
    number: int, run: StoredRun, contest: Contest, others: Sequence[Contest], bounds: Sequence[int]
) -> Field:
    cpus, title = run.manifest.topology.cpus, units.count(contest.threads, "thread")
    limiting = contest.limiting()
    ranked = {name: metric.ranked(limiting) for name, metric in _METRICS.items()}
    places = [
        {name: _place(entrant, limiting, ranked[name], metric) for name, metric in _METRICS.items()}
        for entrant in limiting
    ]
    return Field(
        _key(number, contest),
        f"{contest.scenario}, {contest.placement}, {title}",
        f" These are more threads than {cpus} CPUs." if contest.threads > cpus else "",
        [
            _line(e, {**at, "refused": _refused(e, bounds)}, others)
            for e, at in zip(limiting, places)
        ],
    )


def _place(
    entrant: Entrant, limiting: Sequence[Entrant], ranked: Sequence[Entrant], metric: Metric
) -> dict[str, Any] | None:
    if not metric.is_known(entrant):
        return None
    better = [at for at, other in enumerate(limiting) if metric.beats(other, entrant)]
    return {"place": ranked.index(entrant), "better": better}


def _line(entrant: Entrant, facts: dict[str, Any], others: Sequence[Contest]) -> Line:
    design = entrant.design
    held, publish = held_bytes(entrant), entrant.number("publish_p50_median_ns")
    over = f"{entrant.known('admission_error_max_permits'):.0f}"
    bound = f" (bound: {design.bound})" if entrant.line["exactness"] == "approximate" else ""
    costs = [
        over + bound,
        "not recorded" if held is None else units.size(held),
        "none" if publish is None else units.time(publish),
        units.rate(entrant.known("reloads_median_per_second")),
    ]
    return Line(
        entrant.row,
        design.summary,
        str(facts["ops"]["place"] + 1) if facts["ops"]["better"] else "1=",
        [_number(entrant, metric) for metric in _METRICS.values()],
        costs,
        [_worst_elsewhere(entrant, others), design.progress_text, _needs(entrant)],
        facts,
    )


def _number(entrant: Entrant, metric: Metric) -> tuple[str, str]:
    if not metric.is_known(entrant):
        return "not measured", ""
    found = metric.of(entrant)
    ends = f"{metric.words(found.low)} to {metric.words(found.high)}"
    at_floor = metric is P99 and entrant.at_floor
    return ("≤" * at_floor + metric.words(found.median)), (
        ends if found.n > 1 else "one repetition"
    )


def _refused(entrant: Entrant, bounds: Sequence[int]) -> dict[str, str]:
    """Why, by each wish that this cell does not fulfil."""
    design, held = entrant.design, held_bytes(entrant)
    refused: dict[str, str] = {}
    if entrant.own_contract:
        refused = dict.fromkeys(("exactness=exact", "exactness=approximate"), "another contract")
    elif not entrant.is_exact:
        refused["exactness=exact"] = "not exact"
    for rank, _ in _PROGRESS[1 + design.progress_rank :]:
        refused[f"progress={rank}"] = design.progress_text
    if design.library:
        refused["needs=library"] = refused["needs=platform"] = f"needs {design.library}"
    elif "rseq" in design.requires:
        refused["needs=platform"] = "needs Linux with rseq"
    if not entrant.is_timed:
        refused["rank=p99"] = "p99 not measured"
    for bound in bounds:
        if held is None:
            refused[f"memory={bound}"] = "memory not recorded"
        elif held > bound:
            refused[f"memory={bound}"] = f"holds {units.size(held)}"
    return refused


def _needs(entrant: Entrant) -> str:
    features = " and ".join(entrant.design.requires)
    parts = (entrant.design.library, f"Linux with {features}" if features else "")
    return ", ".join(part for part in parts if part) or "nothing"


def held_bytes(entrant: Entrant) -> float | None:
    """In use, and not yet freed at its peak."""
    live, retired = (
        entrant.number(column) for column in ("live_median_bytes", "retired_peak_median_bytes")
    )
    return None if live is None or retired is None else live + retired


def _worst_elsewhere(entrant: Entrant, others: Sequence[Contest]) -> str:
    """The least share of the fastest design's throughput, in another scenario."""
    shares = [
        (1 / (other.entrants[entrant.row].number("slowdown_to_best_ratio") or 1), other.scenario)
        for other in others
        if other.scenario != entrant.cell.scenario
        and (other.placement, other.threads) == (entrant.cell.placement, entrant.cell.threads)
        and entrant.row in other.entrants
    ]
    if not shares:
        return "not measured"
    share, scenario = min(shares)
    return f"{100 * share:.0f} % in {scenario}"
