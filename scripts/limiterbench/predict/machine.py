"""What two CPUs of a measured host share, from the topology that its run stored."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from itertools import combinations
from pathlib import Path
from statistics import median

from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.records.contention import Transfer

# hwloc's objects, the closest first, and what a host file calls their distance.
_SHARED = {"Core": "smt", "L3Cache": "l3", "Package": "socket", "Group": "group"}
_FARTHEST = "remote"

Ancestors = dict[str, str]


def _ancestors(path: Path) -> dict[int, Ancestors]:
    """Of each CPU, by the kernel's number: which object of each kind holds it."""
    try:
        root = xml.parse(path).getroot()
    except (OSError, xml.ParseError) as error:
        raise InputError(f"{display(path)}: not hwloc's XML: {error}") from None
    found: dict[int, Ancestors] = {}

    def walk(node: xml.Element, above: Ancestors) -> None:
        kind = node.get("type", "")
        if kind == "PU":
            found[int(node.get("os_index", "-1"))] = above
            return
        inside = {**above, kind: node.get("gp_index", "")} if kind in _SHARED else above
        for child in node.findall("object"):
            walk(child, inside)

    walk(root, {})
    return found


def _distance(a: Ancestors, b: Ancestors) -> str:
    for kind, name in _SHARED.items():
        if kind in a and a[kind] == b.get(kind):
            return name
    return _FARTHEST


def transfers(topology: Path, pairs: list[Transfer]) -> dict[str, float]:
    """The median of each distance that the host has. A pair of an unknown CPU is refused."""
    ancestors = _ancestors(topology)
    times: dict[str, list[float]] = {}
    for pair in pairs:
        for cpu in pair[:2]:
            if cpu not in ancestors:
                raise InputError(f"{display(topology)}: has no CPU {cpu}, which was measured")
        name = _distance(ancestors[pair.a], ancestors[pair.b])
        times.setdefault(name, []).append(pair.one_way_ns)
    return _filled({name: median(values) for name, values in times.items()}, ancestors)


def _filled(known: dict[str, float], ancestors: dict[int, Ancestors]) -> dict[str, float]:
    """A distance that no measured pair has takes the next farther one's time."""
    needed = {_distance(a, b) for a, b in combinations(ancestors.values(), 2)}
    order = [*_SHARED.values(), _FARTHEST]
    filled: dict[str, float] = {}
    last = max(known.values())
    for name in reversed(order):
        if name in needed or name in known:
            last = filled[name] = min(known.get(name, last), last)
    return {name: filled[name] for name in order if name in filled}
