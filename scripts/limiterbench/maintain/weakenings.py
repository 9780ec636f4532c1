"""What can be weakened in the headers, one step at a time, and what the headers say of it.

An order has the weaker ones that its operation allows; a fence can be removed. A step that no model
test can show to be wrong needs a reason in the comment above the order, which begins

    Not shown as relaxed: …            or: as acquire or release
    Not shown without it: …            a fence
    Not shown at all: …                every step

Relaxed orders are left: there is nothing weaker. peers/ is left out, since Relacy cannot run other
people's libraries; so is assembler, which has no orders to take down.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, NamedTuple, Sequence

from limiterbench.common.errors import InputError
from limiterbench.maintain.orders import (
    Header,
    Order,
    comment_lines,
    comment_of,
    is_atomic,
    orders_of,
    paragraphs,
)

_STRUCTURAL = Path(__file__).with_name("structural.txt")
NOT_MODELLED = "peers/"
REMOVED = "removed"
ANY = "any"

_Below = dict[str, tuple[str, ...]]

_LOAD: _Below = {"seq_cst": ("acquire",), "acquire": ("relaxed",)}
_STORE: _Below = {"seq_cst": ("release",), "release": ("relaxed",)}
_CHANGE: _Below = {
    "seq_cst": ("acq_rel",),
    "acq_rel": ("acquire", "release"),
    "acquire": ("relaxed",),
    "release": ("relaxed",),
}
_FENCE: _Below = {**_CHANGE, "acquire": (REMOVED,), "release": (REMOVED,), "": (REMOVED,)}
_LADDERS: dict[str, _Below] = {
    "load": _LOAD,
    "wait": _LOAD,
    "peek_last<>": _LOAD,
    "template default": _LOAD,
    "store": _STORE,
    "fence": _FENCE,
}

_REASON = re.compile(
    r"\b[Nn]ot shown (?:as (\w+(?:(?:, | or )\w+)*)|(without it)|at all): (.+?)(?=[Nn]ot shown |$)"
)
_LABEL = re.compile(r"\(\d+\) (?=(?:acquire|release|acq_rel|seq_cst)\b)")


class Change(NamedTuple):
    """A weakened header: `text` in place of `begin` to `end`."""

    header: Header
    begin: int
    end: int
    what: str
    to: str
    text: str
    reason: str  # "" if there is none

    @property
    def line(self) -> int:
        return self.header.line_of(self.begin)

    def applied(self) -> str:
        whole = self.header.text
        return whole[: self.begin] + self.text + whole[self.end :]


def weaker(order: Order, now: str) -> Sequence[str]:
    """The orders next below `now` for the operation of `order`."""
    operation = order.operation.partition(",")[0]
    if order.operation.endswith(", failure"):
        ladder = _LOAD
    elif not order.order:
        ladder = _FENCE
    elif operation in _LADDERS:
        ladder = _LADDERS[operation]
    elif is_atomic(order):
        ladder = _CHANGE
    else:
        raise InputError(f"{order.place}: what is weaker for '{operation}' is not known")
    if now in ("relaxed", REMOVED):
        return ()
    if now not in ladder:
        raise InputError(f"{order.place}: {now} is no order of a {operation}")
    return ladder[now]


def reasons_of(comment: str) -> dict[str, str]:
    """What each order is not shown as, and why not."""
    found: dict[str, str] = {}
    for match in _REASON.finditer(comment):
        names = re.split(r", | or ", match[1]) if match[1] else [REMOVED if match[2] else ANY]
        found.update((name, match[3].strip()) for name in names)
    return found


def _call_end(order: Order) -> tuple[int, int]:
    """A fence as a whole, its arguments included."""
    if not order.order:
        return order.begin, order.end
    begin = order.header.code.rindex("sync::fence", 0, order.begin)
    return begin, order.header.code.index(")", order.end) + 1


def _name(order: Order) -> str:
    if not order.order:
        return order.operation
    label = _LABEL.search(comment_of(order))
    number = label[0] if label and not order.operation.endswith("failure") else ""
    return f"{number}{order.operation} {order.order}"


def change(order: Order, to: str) -> Change:
    reasons = reasons_of(comment_of(order))
    reason = reasons.get(to, reasons.get(ANY, ""))
    begin, end, text = order.begin, order.end, f"sync::{to}"
    if to == REMOVED:
        (begin, end), text = _call_end(order), "void()"
    return Change(order.header, begin, end, _name(order), to, text, reason)


def structural_steps() -> Iterator[tuple[str, str, str, str]]:
    """A header, what is wrong with it, its code, and what stands there instead."""
    for block in _STRUCTURAL.read_text(encoding="utf-8").split("\n\n")[1:]:
        title, *lines = block.splitlines()
        name, _, what = title.partition(": ")
        code, instead = ("\n".join(x[2:] for x in lines if x[0] == sign) for sign in "-+")
        yield name, what, code, instead


def structural_of(header: Header) -> Iterator[Change]:
    for name, what, code, instead in structural_steps():
        if name != header.name:
            continue
        if header.text.count(code) != 1:
            raise InputError(f"{header.name}: not found once: {code.strip()}")
        begin = header.text.index(code)
        yield Change(header, begin, begin + len(code), what, "structural", instead, "")


class Ladder:
    """The steps of one order, downwards: below a step only if the step was not caught."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._open: list[str] = list(weaker(order, order.order))
        self._seen = set(self._open)

    def next(self) -> Change | None:
        return change(self.order, self._open.pop(0)) if self._open else None

    def not_caught(self, to: str) -> None:
        for below in weaker(self.order, to):
            if below not in self._seen:
                self._seen.add(below)
                self._open.append(below)


def ladders_of(header: Header) -> Iterator[Ladder]:
    for order in sorted(orders_of(header), key=lambda found: found.begin):
        if weaker(order, order.order):
            yield Ladder(order)


def stray_reasons(header: Header) -> Iterator[str]:
    """Reasons that stand above no order: they would excuse nothing, unnoticed."""
    above = {comment_lines(order)[0] + 1 for order in orders_of(header)}
    for line, text in paragraphs(header):
        if _REASON.search(text) and line not in above:
            yield f"{header.name}:{line}: a reason above no order"
