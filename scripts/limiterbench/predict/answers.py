"""The questions that a prediction answers. Does one counter scale? What does each design do at a
load? At which loads is a lock's tail as long as an article claimed?

In bands, and only where the simulations say something.
"""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import Callable, NamedTuple, Sequence

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.common.text_table import TextTable
from limiterbench.predict import folder as folders, loads
from limiterbench.predict.charts import Scene
from limiterbench.predict.loads import Load, Loads, response_p50, response_p99
from limiterbench.predict.points import (
    MARGIN,
    SATURATED_NS,
    TABLE,
    Band,
    Rows,
    band,
    rank,
    ratio,
    throughput,
)
from limiterbench.predict.tasks import OPEN_LOOP
from limiterbench.records import run_folder
from limiterbench.records.fields import BadField, Fields
from limiterbench.records.manifest import Manifest
from limiterbench.report.answer import UNLIMITED
from limiterbench.report.command import WIDTH, item

# The design that one shared counter is all there is to.
COUNTER = "hazard"
HEADLINE = "steady"
# A ratio to a response that never came.
_BEYOND = 1e6
# The load of the table of designs, in decisions a second of all threads.
LOAD = 1_000_000
# An article said that a service's p99 became so many times shorter when it left the first design
# for the second. The third is what it could have had.
LOCKED, UNLOCKED, LEASED = "go_rwmutex", "snapshot_value", "leased"
CLAIMED = 40

HEADS = ("design", "p50", "p99", "place", "closed loop")
CLAIM_HEADS = (
    "decisions/s",
    f"`{LOCKED}` p50",
    "p99",
    f"`{UNLOCKED}` p50",
    "p99",
    "p50 ratio",
    "p99 ratio",
    f"`{LEASED}` p99",
)
_UNKNOWN = "–"


class Prediction(NamedTuple):
    """One host's stored prediction."""

    folder: Path
    manifest: Manifest
    scenes: dict[str, Scene]
    loads: list[Load]
    """Empty where no open loop was simulated."""

    @property
    def name(self) -> str:
        return str((self.manifest.simulated or {}).get("host", {}).get("name"))

    @property
    def headline(self) -> Scene:
        """What the answers are about."""
        return self.scenes.get(HEADLINE) or self.scenes[min(self.scenes)]


class Answer(NamedTuple):
    """Names of designs stand in backticks."""

    about: str
    scales: str
    load: str
    """What the rows are, and how many pairs of designs are decided."""
    rows: list[list[str]]
    """As in HEADS, in the order of the places that their p99 can have, the lowest first."""
    claim: str
    """Empty where one of its designs is missing."""
    claimed: list[list[str]]
    """As in CLAIM_HEADS, by rate."""


def read_prediction(folder: Path) -> Prediction:
    """Raises InputError if the folder is none."""
    if folder.is_dir() and not run_folder.is_run(folder):
        raise InputError(f"{display(folder)}: not a prediction: it has no {run_folder.RUN_JSON}")
    manifest = run_folder.open_run(folder)
    if manifest.simulated is None:
        raise InputError(f"{display(folder)}: not a prediction: it was measured")
    try:
        Fields(manifest.simulated, "simulated").object("host").text("name")
    except BadField as error:
        raise InputError(f"{display(folder / run_folder.RUN_JSON)}: {error}") from None
    points = folders.read_points(folder)
    if not points:
        raise InputError(f"{display(folder / TABLE)}: no simulation that can be shown")
    closed = [point for point in points if point.cell.scenario != OPEN_LOOP]
    scenes = folders.scenes_of(manifest, closed or points)
    return Prediction(folder, manifest, scenes, loads.read_loads(folder))


def span(value: Band, label: Callable[[float], str]) -> str:
    if math.isinf(value.high):
        return "not known"
    low, high = label(value.low), label(value.high)
    return low if low == high else f"{low} to {high}"


def _times(value: float) -> str:
    if value < 0.01:
        return "under 0.01"
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}"


def answer_of(prediction: Prediction) -> Answer:
    scene = prediction.headline
    at = units.count(scene.threads, "thread")
    found = loads.at_rate(prediction.loads, scene.threads, LOAD)
    claimed = _claimed(prediction.loads, scene.threads)
    return Answer(
        f"{prediction.name}, SIMULATED, {scene.scenario}{f' and {OPEN_LOOP}' * bool(found)}, {at}",
        f"Does one atomic counter scale linearly? {_scales(scene)}",
        _load(found),
        _lines(found, scene.rows),
        _claim(claimed),
        [_claim_line(rate, bands) for rate, bands in claimed.items()],
    )


def _load(found: Loads) -> str:
    if not found:
        return "The open loop was not simulated."
    limiting = {row: at for row, at in found.items() if row != UNLIMITED}
    pairs = len(limiting) * (len(limiting) - 1) // 2
    decided = pairs - len(rank(limiting, response_p99, lower_is_better=True).undecided)
    return (
        f"Response time at {units.rate(LOAD)} decisions a second of all threads, with Poisson "
        f"arrivals. By p99, {decided} of {pairs} pairs of designs are decided: all simulations "
        f"agree on their order by more than a factor of {MARGIN:g}."
    )


def _lines(found: Loads, closed: Rows) -> list[list[str]]:
    def throughput_of(row: str) -> str:
        return span(band(closed[row], throughput), units.rate) if row in closed else _UNKNOWN

    return [
        [
            f"`{entry.row}`",
            span(band(found[entry.row], response_p50), _time),
            span(entry.value, _time),
            entry.places("–"),
            throughput_of(entry.row),
        ]
        for entry in rank(found, response_p99, lower_is_better=True).placed
    ]


def _time(nanoseconds: float) -> str:
    return "saturated" if nanoseconds >= SATURATED_NS else units.time(nanoseconds)


class _Claimed(NamedTuple):
    """At one rate."""

    locked: tuple[Band, Band]
    """p50 and p99."""
    unlocked: tuple[Band, Band]
    ratios: tuple[Band, Band]
    leased: Band | None


def _claimed(found: Sequence[Load], threads: int) -> dict[float, _Claimed]:
    """By rate, up to the first at which the unlocked design may be saturated."""
    claimed: dict[float, _Claimed] = {}
    for rate in loads.rungs_of(found):
        at = loads.at_rate(found, threads, rate)
        if not {LOCKED, UNLOCKED} <= set(at):
            continue
        locked, unlocked = at[LOCKED], at[UNLOCKED]
        claimed[rate] = _Claimed(
            (band(locked, response_p50), band(locked, response_p99)),
            (band(unlocked, response_p50), band(unlocked, response_p99)),
            (ratio(locked, unlocked, response_p50), ratio(locked, unlocked, response_p99)),
            band(at[LEASED], response_p99) if LEASED in at else None,
        )
        if claimed[rate].unlocked[1].high >= SATURATED_NS:
            break
    return claimed


def _claim_line(rate: float, at: _Claimed) -> list[str]:
    return [
        units.rate(rate),
        *(span(edges, _time) for edges in (*at.locked, *at.unlocked)),
        *(span(edges, _ratio) for edges in at.ratios),
        span(at.leased, _time) if at.leased else _UNKNOWN,
    ]


def _ratio(value: float) -> str:
    return "saturated" if value >= _BEYOND else _times(value)


def _claim(claimed: dict[float, _Claimed]) -> str:
    """Between which loads the claim holds."""
    if not claimed:
        return ""

    def where(index: int, end: int) -> str:
        runs: list[list[float]] = [[]]
        for rate, at in claimed.items():
            if at.ratios[index][end] >= CLAIMED:
                runs[-1].append(rate)
            elif runs[-1]:
                runs.append([])
        return " and ".join(map(_between, filter(None, runs))) or "at no load"

    by_p99, by_p50 = (
        f"{where(index, 0)} in every simulation and {where(index, 1)} in at least one"
        for index in (1, 0)
    )
    return (
        f"Is `{LOCKED}` at least {CLAIMED} times slower than `{UNLOCKED}`, as an article found? "
        f"By p99 {by_p99}; by p50 {by_p50}. Saturated: more than 1 request in 1,000 goes unsent."
    )


def _between(rates: Sequence[float]) -> str:
    first, last = units.rate(rates[0]), units.rate(rates[-1])
    return f"at {first}/s" if len(rates) == 1 else f"from {first}/s to {last}/s"


def _scaling_of(scene: Scene, row: str) -> Band | None:
    """By how much `scene.threads` threads do more than one."""
    points = scene.sheet.get(row, {})
    if scene.threads == 1 or not {1, scene.threads} <= set(points):
        return None
    return ratio(points[scene.threads], points[1], throughput)


def _scales(scene: Scene) -> str:
    scaling = _scaling_of(scene, COUNTER)
    if scaling is None:
        return f"Not known: it takes `{COUNTER}` with 1 thread and with several."
    verdict = "It may" if scaling.low > scene.threads / 2 else "No"
    return (
        f"{verdict}: `{COUNTER}` does {span(scaling, _times)} "
        f"times what one thread does, not {scene.threads}."
    )


def places_of(prediction: Prediction) -> tuple[list[str], list[list[str]]]:
    """The heads and lines of a table: the places by throughput that a design can have in each
    scenario, and in the last line how many pairs of designs are not decided."""
    names = list(prediction.scenes)
    ranked = {name: rank(scene.rows, throughput) for name, scene in prediction.scenes.items()}
    order = [e.row for e in ranked[HEADLINE if HEADLINE in ranked else names[0]].placed]
    places = {name: {e.row: e.places("–") for e in ranked[name].placed} for name in names}
    pairs = len(order) * (len(order) - 1) // 2
    undecided = [f"{len(ranked[name].undecided)} of {pairs}" for name in names]
    rows = [[f"`{row}`", *(places[name].get(row, "-") for name in names)] for row in order]
    return ["design", *names], [*rows, ["pairs not decided by this model", *undecided]]


def print_answer(prediction: Prediction) -> None:
    """In the terminal, in at most 80 columns."""
    found = answer_of(prediction)
    print("\n".join(textwrap.wrap(f"SIMULATED, not measured: {prediction.name}", WIDTH)))
    for words in (found.about, found.scales, found.load):
        print("\n".join(item(words.replace("`", ""))))
    # The last column would be the one too many.
    _print_table(HEADS[:-1], [row[:-1] for row in found.rows])
    if found.claim:
        print("\n".join(item(found.claim.replace("`", ""))))
    threads = units.count(prediction.headline.threads, "thread")
    print("\n".join(item(f"Places by throughput with {threads}: {_ABOUT_PLACES}")))
    _print_table(*places_of(prediction))


_ABOUT_PLACES = (
    "a design is placed before another only where every policy and every alpha agree on it, by "
    f"more than a factor of {MARGIN:g}."
)


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = TextTable(*heads)
    for row in rows:
        table.add(*(cell.strip("`") for cell in row))
    if rows:
        print(table)
