"""Checks that every order in the headers is numbered and that the numbers cite each other.

Above an order that is not relaxed stands `// (3) release: pairs with (1), (2).` Above the orders
(1) and (2) stands that they pair with (3). What may follow the colon:

    pairs with (1), (2)                 orders of this file
    pairs with (1) in config/ring.hpp   the file speaks for all numbers before it; those of this
                                        file come last
    pairs with itself
    ordered before (4)                  program order that seq_cst keeps; (4) says "ordered after"
    see "The bound"                     that paragraph of this file, which names the number
    see "The bound" in sharded.hpp      names the file and the number
    pairs with … kernel, … name::       an order that is not in these headers

Any number in brackets elsewhere in a comment must be that of an order too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from limiterbench.maintain.orders import (
    Header,
    Order,
    comment_of,
    orders_of,
    paragraphs,
    read_headers,
)

_LABEL = re.compile(r"\((\d+)\) (acquire|release|acq_rel|seq_cst)\b:?")
_ITEM = r"(?:itself|\(\d+\)(?: in [\w/]+\.hpp)?)"
_LIST = rf"({_ITEM}(?:(?:,? and |, )(?:with )?{_ITEM})*)"
_PAIRS = re.compile(rf"\bpairs with {_LIST}")
_BEFORE = re.compile(rf"\bordered before {_LIST}")
_AFTER = re.compile(rf"\bordered after {_LIST}")
_OUTSIDE = re.compile(r"\bpairs with [^.(]*(?:\bkernel\b|\w::)")
_SEE = re.compile(r'\bsee "([^"]+)"(?: in ([\w/]+\.hpp))?')
_NUMBER = re.compile(r"(?<!\w)\((\d+)\)(?: to \((\d+)\))?")
_IN_FILE = re.compile(r"[^.;:]*? in ([\w/]+\.hpp)")

_RELEASES = ("release", "acq_rel", "seq_cst")
_ACQUIRES = ("acquire", "acq_rel", "seq_cst")

Name = Tuple[str, str]  # file, number


class Label(NamedTuple):
    order: Order
    number: str
    says: str

    @property
    def name(self) -> Name:
        return self.order.header.name, self.number


def _file(headers: Dict[str, Header], cited: str, origin: str) -> Optional[str]:
    """The header that a comment in `origin` calls `cited`: below impls/, or beside `origin`."""
    beside = (Path(origin).parent / cited).as_posix()
    return next((name for name in (beside, cited) if name in headers), None)


def _entries(comment: str) -> Iterator[Tuple["re.Match[str]", str]]:
    """Every label in a comment with what is said until the next."""
    found = list(_LABEL.finditer(comment))
    for at, label in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(comment)
        yield label, comment[label.end() : end]


class Check:
    """Collects what is wrong; `problems` is empty if nothing is."""

    def __init__(self, headers: List[Header]) -> None:
        self.problems: List[str] = []
        self._headers = {header.name: header for header in headers}
        self._labels: Dict[Name, Label] = {}
        for header in headers:
            for order in orders_of(header):
                self._label(order)
        for label in self._labels.values():
            self._citations(label)
        for header in headers:
            self._mentions(header)

    def _problem(self, place: str, what: str) -> None:
        self.problems.append(f"{place}: {what}")

    def _label(self, order: Order) -> None:
        if order.order in ("", "relaxed"):
            return
        entries = list(_entries(comment_of(order)))
        if len(entries) != 1:
            count = "no number" if not entries else f"{len(entries)} numbers"
            return self._problem(order.place, f"{order.order} has {count} above it")
        number, said = entries[0][0][1], entries[0][0][2]
        if said != order.order:
            self._problem(order.place, f"({number}) is called {said} and is {order.order}")
        label = Label(order, number, entries[0][1])
        if label.name in self._labels:
            return self._problem(order.place, f"({number}) is the number of another order too")
        self._labels[label.name] = label

    def _names(self, label: Label, cited: str) -> Iterator[Name]:
        own = label.order.header.name
        pending: List[str] = []
        for item in re.finditer(_ITEM, cited):
            number, _, file = item[0].partition(" in ")
            pending.append(label.number if number == "itself" else number.strip("()"))
            if file:
                found = _file(self._headers, file, own)
                if found is None:
                    self._problem(label.order.place, f"there is no {file}")
                else:
                    yield from ((found, number) for number in pending)
                pending = []
        yield from ((own, number) for number in pending)

    def _cited(self, label: Label, kind: "re.Pattern[str]") -> Set[Name]:
        found = kind.search(label.says)
        return set(self._names(label, found[1])) if found else set()

    def _citations(self, label: Label) -> None:
        kinds = ((_PAIRS, _PAIRS), (_BEFORE, _AFTER), (_AFTER, _BEFORE))
        cited = [(name, kind, back) for kind, back in kinds for name in self._cited(label, kind)]
        for name, kind, back in sorted(cited, key=lambda entry: entry[0]):
            self._citation(label, name, kind is _PAIRS, back)
        see = _SEE.search(label.says)
        if see:
            self._paragraph(label, see[1], see[2])
        elif not cited and not _OUTSIDE.search(label.says):
            self._problem(label.order.place, f"({label.number}) says of no order that it pairs")

    def _citation(self, label: Label, name: Name, pairs: bool, back: "re.Pattern[str]") -> None:
        place = label.order.place
        other = self._labels.get(name)
        if other is None:
            return self._problem(place, f"there is no ({name[1]}) in {name[0]}")
        if label.name not in self._cited(other, back):
            self._problem(place, f"({name[1]}) in {name[0]} does not cite ({label.number}) back")
        orders = (label.order.order, other.order.order)
        if pairs and not (
            (orders[0] in _RELEASES and orders[1] in _ACQUIRES)
            or (orders[1] in _RELEASES and orders[0] in _ACQUIRES)
        ):
            self._problem(place, f"{orders[0]} ({label.number}) pairs with {orders[1]}")

    def _paragraph(self, label: Label, title: str, file: Optional[str]) -> None:
        own = label.order.header.name
        name = _file(self._headers, file, own) if file else own
        place = label.order.place
        if name is None:
            return self._problem(place, f"there is no {file}")
        found = [
            text[text.index(f"{title}. ") :]
            for _, text in paragraphs(self._headers[name])
            if f"{title}. " in text
        ]
        if not found:
            return self._problem(place, f'there is no "{title}" in {name}')
        if (own, label.number) not in set(self._mentioned(self._headers[name], found[0])):
            self._problem(place, f'"{title}" in {name} does not name ({label.number})')

    def _mentioned(self, header: Header, text: str) -> Iterator[Name]:
        for match in _NUMBER.finditer(text):
            elsewhere = _IN_FILE.match(text, match.end())
            file = _file(self._headers, elsewhere[1], header.name) if elsewhere else None
            numbers = range(int(match[1]), int(match[2] or match[1]) + 1)
            yield from ((file or header.name, str(number)) for number in numbers)

    def _mentions(self, header: Header) -> None:
        for line, text in paragraphs(header):
            for name in self._mentioned(header, text):
                if name not in self._labels:
                    self._problem(f"{header.name}:{line}", f"there is no ({name[1]}) in {name[0]}")


def problems(impls: Path) -> List[str]:
    return Check(read_headers(impls)).problems
