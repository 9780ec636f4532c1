"""What `topology.xml` says of a host's CPUs: a small reader of hwloc's format, version 2."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, TypeVar
from xml.etree.ElementTree import Element

from limiterbench.common.errors import InputError
from limiterbench.common.files import display

T = TypeVar("T")


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


# hwloc's kinds of objects that CPUs share.
_LEVELS = ("Group", "Package", "L3Cache", "Core")
# By such a kind, the number of the object that holds a CPU.
Within = dict[str, int]


def read_host_map(path: Path) -> HostMap:
    """The CPUs that may be used, in hwloc's order. Raises InputError."""
    return _read(path, _host_map)


def read_cpus(path: Path) -> dict[int, Within]:
    """All CPUs, by number. Raises InputError."""
    return _read(path, lambda machine: dict(_cpus(machine)))


def _read(path: Path, parse: Callable[[Element], T]) -> T:
    try:
        root = ElementTree.parse(path).getroot()
        machine = root.find("object")
        if root.tag != "topology" or machine is None:
            raise InputError(f"{display(path)}: not a topology as hwloc writes it")
        return parse(machine)
    except OSError as error:
        raise InputError(f"{display(path)}: {error.strerror}") from None
    except ElementTree.ParseError as error:
        raise InputError(f"{display(path)}:{error.position[0]}: not XML") from None
    except (TypeError, ValueError):
        raise InputError(f"{display(path)}: an object's number or cpuset is missing") from None


def _host_map(machine: Element) -> HostMap:
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
        package, core = within.get("Package", 0), within.get("Core", number)
        places.append(Place(number, package, within.get("L3Cache", package), core, numa))
    if not places:
        raise ValueError("no CPU")
    return HostMap(places, "L3" if machine.find(".//object[@type='L3Cache']") is not None else "")


def _cpus(machine: Element) -> Iterator[tuple[int, Within]]:
    """Each CPU's number with the objects around it, numbered in order of their appearance."""
    seen = dict.fromkeys(_LEVELS, 0)

    def below(parent: Element, within: Within) -> Iterator[tuple[int, Within]]:
        for child in parent.findall("object"):
            kind, inside = child.get("type", ""), within
            if kind in seen:
                inside = {**within, kind: seen[kind]}
                seen[kind] += 1
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
