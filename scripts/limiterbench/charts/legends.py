"""The look of every design, the same in every chart, and which designs are drawn together.

Colours are Okabe and Ito's, safe for the colour-blind; related designs share one. No two designs
have the same marker and line style: charts can be read without colour too.
"""

from __future__ import annotations

import zlib
from itertools import product
from typing import Iterable, Mapping, NamedTuple, Union

LineStyle = Union[str, tuple[int, tuple[int, ...]]]

_BLACK = "#000000"
_GREY = "#7a7a7a"
_ORANGE = "#e69f00"
_SKY = "#56b4e9"
_GREEN = "#009e73"
_BLUE = "#0072b2"
_RED = "#d55e00"
_PURPLE = "#cc79a7"

_SOLID = "-"
_DASHED = "--"
_DASH_DOT = "-."
_DOTTED = ":"
_LONG_DASH: LineStyle = (0, (9, 3))
_DASH_DOT_DOT: LineStyle = (0, (6, 2, 1, 2, 1, 2))


class Legend(NamedTuple):
    colour: str
    marker: str
    linestyle: LineStyle
    library: str = ""
    """That the design stands on; empty if it is this project's own."""


OWN: dict[str, Legend] = {
    "unlimited": Legend(_GREY, ".", _DOTTED),
    "mutex": Legend(_RED, "o", _DOTTED),
    "rwmutex": Legend(_RED, "s", _SOLID),
    "go_rwmutex": Legend(_RED, "d", _DASHED),
    "mcs": Legend(_RED, "v", _LONG_DASH),
    "rwmutex_read": Legend(_ORANGE, "D", _DASH_DOT),
    "bravo": Legend(_ORANGE, ">", _DASHED),
    "snapshot": Legend(_BLUE, "o", _SOLID),
    "snapshot_value": Legend(_BLUE, "p", _DASHED),
    "snapshot_ring": Legend(_BLUE, "h", _DASH_DOT),
    "hazard": Legend(_GREEN, "^", _SOLID),
    "compare_exchange": Legend(_GREEN, "v", _DASHED),
    "sharded": Legend(_PURPLE, "P", _SOLID),
    "leased": Legend(_BLACK, "*", _SOLID),
    "leased_rseq": Legend(_BLACK, "X", _DASHED),
    "seqlock": Legend(_SKY, ">", _SOLID),
    "left_right": Legend(_SKY, "<", _DASHED),
    "gcra": Legend(_ORANGE, "8", _LONG_DASH),
}

# Designs on other people's libraries.
PEERS: dict[str, Legend] = {
    "urcu_qsbr": Legend(_BLUE, "v", _SOLID),
    "urcu_memb": Legend(_BLUE, "^", _DASHED),
    "ck_epoch": Legend(_GREEN, "o", _DASHED),
    "ck_brlock": Legend(_GREEN, "D", _SOLID),
    "xenium_hp": Legend(_RED, "X", _SOLID),
    "xenium_ebr": Legend(_RED, "P", _DASH_DOT),
    "libcds_hp": Legend(_PURPLE, "p", _SOLID),
    "tbb_rw_mutex": Legend(_ORANGE, "s", _DASHED),
    "absl_mutex": Legend(_SKY, "h", _LONG_DASH),
    "boost_shared_mutex": Legend(_BLACK, "d", _DASH_DOT),
}

LEGENDS: dict[str, Legend] = {**OWN, **PEERS}

# Designs without an entry above take theirs from here.
_COLOURS = (_RED, _BLUE, _GREEN, _PURPLE, _ORANGE, _SKY, _BLACK)
_SPARE = [
    pair
    for pair in product(
        ("v", "o", "s", "^", "D", "X", "P", ">", "<", "*", "p", "h"),
        (_DASH_DOT_DOT, _DASH_DOT, _DASHED, _DOTTED, _LONG_DASH),
    )
    if pair not in {(legend.marker, legend.linestyle) for legend in LEGENDS.values()}
]


def legends_of(names: Iterable[str], libraries: Mapping[str, str] = {}) -> dict[str, Legend]:
    """A legend for each name: its own, or one found by the name alone as long as it is free.

    Pass all names of a run: then a design looks the same in every chart of it. `libraries` names
    the one that each design stands on.
    """
    chosen: dict[str, Legend] = {}
    taken = set()
    for name in sorted(set(names)):
        look = LEGENDS.get(name)
        if look is None:
            start = zlib.crc32(name.encode())
            slots = ((start + step) % len(_SPARE) for step in range(len(_SPARE)))
            slot = next((slot for slot in slots if slot not in taken), start % len(_SPARE))
            taken.add(slot)
            look = Legend(_COLOURS[start % len(_COLOURS)], *_SPARE[slot])
        chosen[name] = look._replace(library=libraries.get(name, ""))
    return chosen


# What a decision shares with other threads. Designs of these kinds are named, the others known
# above share no more than one counter.
_EXCLUSIVE = ("mutex", "rwmutex", "go_rwmutex")
_SHARED = ("rwmutex_read", "bravo", "ck_brlock", "tbb_rw_mutex", "absl_mutex", "boost_shared_mutex")
_PER_CPU = ("sharded", "leased", "leased_rseq")
NO_LIMITER = "no limiter"
_KINDS = {
    NO_LIMITER: ("unlimited",),
    "per CPU": _PER_CPU,
    "one counter": tuple(set(LEGENDS) - {"unlimited", *_EXCLUSIVE, *_SHARED, *_PER_CPU}),
    "shared lock": _SHARED,
    "exclusive lock": _EXCLUSIVE,
}


KINDS_BY_SIMPLICITY = tuple(reversed(_KINDS))


def kind_of(row: str) -> str:
    """What it shares: a lock, one counter, or nothing in most decisions."""
    return next((kind for kind, rows in _KINDS.items() if row in rows), "other designs")


class Family(NamedTuple):
    """Designs that share a panel."""

    name: str
    rows: list[str]


def families_of(names: Iterable[str], legends: Mapping[str, Legend]) -> list[Family]:
    """Those that have designs: one panel cannot be read with all designs in it."""
    rows = sorted(set(names))
    families = [
        Family("designs of this project", [row for row in rows if not legends[row].library]),
        Family("designs on other libraries", [row for row in rows if legends[row].library]),
    ]
    return [family for family in families if family.rows]
