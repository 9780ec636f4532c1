"""What `topology.xml` says of a host's CPUs: a small reader of hwloc's format, version 2."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict, Iterator, NamedTuple

from limiterbench.common.errors import InputError
from limiterbench.common.files import display


class Place(NamedTuple):
    """A CPU, by its number and by what it is part of; those are numbered over the whole host."""

    cpu: int
    package: int
    complex: int
    core: int
    numa: int | None
    """The nearest NUMA node, `None` where the CPU has none."""


class HostMap(NamedTuple):
    places: list[Place]
    complex_kind: str
    """What a complex is here: an L3 cache, or the package where none is known."""


_LEVELS = {"Package": "package", "L3Cache": "complex", "Core": "core"}


def read_host_map(path: Path) -> HostMap:
    """The CPUs that may be used, in hwloc's order. Raises InputError."""
    try:
        root = ElementTree.parse(path).getroot()
    except OSError as error:
        raise InputError(f"{display(path)}: {error.strerror}") from None
    except ElementTree.ParseError as error:
        line, _ = error.position
        raise InputError(f"{display(path)}:{line}: not XML") from None
    machine = root.find("object")
    if root.tag != "topology" or machine is None:
        raise InputError(f"{display(path)}: not a topology as hwloc writes it")
    try:
        return _host_map(machine)
    except (TypeError, ValueError):
        raise InputError(f"{display(path)}: an object's number or cpuset is missing") from None


def _host_map(machine: ElementTree.Element) -> HostMap:
    allowed = _cpuset(machine.get("allowed_cpuset") or machine.get("cpuset"))
    nodes = [
        _cpuset(node.get("cpuset"))
        for node in machine.iter("object")
        if node.get("type") == "NUMANode"
    ]
    places: list[Place] = []
    numbers: dict[int, int] = {}
    for number, within in _cpus(machine):
        if not allowed >> number & 1:
            continue
        near = [(bin(cpus).count("1"), at) for at, cpus in enumerate(nodes) if cpus >> number & 1]
        # Numbered in order of their appearance, as the program does it.
        numa = numbers.setdefault(min(near)[1], len(numbers)) if near else None
        package = within.get("package", 0)
        core = within.get("core", number)
        places.append(Place(number, package, within.get("complex", package), core, numa))
    if not places:
        raise ValueError("no CPU")
    return HostMap(places, "L3" if machine.find(".//object[@type='L3Cache']") is not None else "")


def _cpus(machine: ElementTree.Element) -> Iterator[tuple[int, Dict[str, int]]]:
    """Each CPU's number with the objects around it, numbered in order of their appearance."""
    seen = dict.fromkeys(_LEVELS.values(), 0)

    def below(
        parent: ElementTree.Element, within: dict[str, int]
    ) -> Iterator[tuple[int, Dict[str, int]]]:
        for child in parent.findall("object"):
            kind = child.get("type", "")
            level: str | None = _LEVELS.get(kind)
            inside = within
            if level is not None:
                inside = {**within, level: seen[level]}
                seen[level] += 1
            if kind == "PU":
                yield int(child.get("os_index", "")), inside
            yield from below(child, inside)

    yield from below(machine, {})


def _cpuset(text: str | None) -> int:
    """`0x00000003`, or words of 32 bits, the highest first: `0x1,0xffffffff`; an empty one is 0."""
    value = 0
    for word in (text or "").split(","):
        if word == "0xf...f":
            # All that are higher than those named.
            value = (1 << 4096) - 1
            continue
        value = value << 32 | int(word or "0", 16)
    return value
