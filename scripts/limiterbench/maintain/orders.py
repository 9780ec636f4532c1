"""The memory orders and fences of the headers: where each stands, and what the comment says of it.

A header is read as text. What looks like an order and is not one of the forms below is an error, so
that none goes unnoticed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator, NamedTuple

from limiterbench.common.errors import InputError

# They define the orders; everything else names them.
BACKENDS = ("sync.hpp", "sync/")

_COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_ORDER = re.compile(r"\bsync::(relaxed|acquire|release|acq_rel|seq_cst)\b")
_FENCE_CALL = re.compile(
    r"\b(?:sync::)?(?:process_fence|compiler_fence|light_fence|heavy_fence|restart_sequences)\(\)"
    r"(?! noexcept)"
)
# An order by any other name would be missed.
_ALIEN = re.compile(
    r"\bmemory_order_\w+|\bmemory_order::|\bsync::consume\b|\busing (?:namespace )?sync\b"
)
_CALL = re.compile(r"([\w:]+)\($")
_TEMPLATE_CALL = re.compile(r"(\w+)<$")
_TEMPLATE_DEFAULT = re.compile(r"\bsync::memory_order \w+ = $")
_ATOMIC = re.compile(
    r"load|store|exchange|fetch_(?:add|sub|and|or|xor)"
    r"|compare_exchange_(?:weak|strong)|swap_if|wait"
)


class Header(NamedTuple):
    """A file below impls/. `code` is its text without comments and strings, of the same length."""

    name: str
    text: str
    code: str

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1


class Order(NamedTuple):
    """One order, or one call of a fence that takes none (`order` is then "")."""

    header: Header
    begin: int
    end: int
    order: str
    operation: str

    @property
    def line(self) -> int:
        return self.header.line_of(self.begin)

    @property
    def place(self) -> str:
        return f"{self.header.name}:{self.line}"


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def read_header(root: Path, path: Path) -> Header:
    text = path.read_text(encoding="utf-8")
    return Header(path.relative_to(root).as_posix(), text, _COMMENT_OR_STRING.sub(_blank, text))


def read_headers(impls: Path) -> list[Header]:
    """Every header below `impls` but the backends."""
    found = [read_header(impls, path) for path in sorted(impls.rglob("*.hpp"))]
    return [header for header in found if not header.name.startswith(BACKENDS)]


def _open_bracket(code: str, offset: int) -> int:
    """Where the round bracket around `offset` opens; -1 if the statement begins first."""
    depth = 0
    for at in range(offset - 1, -1, -1):
        if code[at] == ")":
            depth += 1
        elif code[at] == "(":
            if depth == 0:
                return at
            depth -= 1
        elif code[at] in ";{}" and depth == 0:
            return -1
    return -1


def _operation(header: Header, begin: int, end: int) -> str | None:
    before = header.code[:begin]
    if _TEMPLATE_DEFAULT.search(before):
        return "template default"
    template = _TEMPLATE_CALL.search(before)
    if template and header.code[end] == ">":
        return f"{template[1]}<>"
    bracket = _open_bracket(header.code, begin)
    call = _CALL.search(header.code[: bracket + 1]) if bracket >= 0 else None
    if call is None:
        return None
    if call[1] == "sync::fence":
        return "fence"
    return call[1] if "::" not in call[1] else None


def _is_failure(header: Header, begin: int) -> bool:
    """Whether another order of the same call stands before it."""
    bracket = _open_bracket(header.code, begin)
    return bracket >= 0 and bool(_ORDER.search(header.code, bracket, begin))


def orders_of(header: Header) -> Iterator[Order]:
    alien = _ALIEN.search(header.code)
    if alien:
        place = f"{header.name}:{header.line_of(alien.start())}"
        raise InputError(f"{place}: '{alien[0]}' is not an order by one of sync.hpp's names")
    for match in _ORDER.finditer(header.code):
        operation = _operation(header, match.start(), match.end())
        found = Order(header, match.start(), match.end(), match[1], operation or "")
        if operation is None:
            raise InputError(f"{found.place}: cannot tell what '{match[0]}' is the order of")
        if _is_failure(header, match.start()):
            found = found._replace(operation=f"{operation}, failure")
        yield found
    for match in _FENCE_CALL.finditer(header.code):
        fence = Order(header, match.start(), match.end(), "", match[0])
        if header.code[match.end()] != ";":
            raise InputError(f"{fence.place}: '{match[0]}' is not a statement of its own")
        yield fence


def is_atomic(order: Order) -> bool:
    """Whether the operation is one of std::atomic's, as opposed to another library's."""
    return bool(_ATOMIC.fullmatch(order.operation.partition(",")[0]))


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("//")


def _comment_text(lines: list[str]) -> str:
    return " ".join(line.strip().lstrip("/").strip() for line in lines)


def comment_lines(order: Order) -> tuple[int, int]:
    """The comment above the statement of `order`: its lines, numbered from 0, first and past the
    last. Empty if there is none."""
    lines = order.header.text.split("\n")
    code = order.header.code.split("\n")
    last = order.line - 1
    while last > 0 and not _is_comment(lines[last - 1]):
        if not code[last - 1].strip() or code[last - 1].rstrip()[-1] in ";{}:":
            break
        last -= 1
    first = last
    while first > 0 and _is_comment(lines[first - 1]):
        first -= 1
    return first, last


def comment_of(order: Order) -> str:
    first, last = comment_lines(order)
    lines = order.header.text.split("\n")
    return _comment_text(lines[first:last])


def paragraphs(header: Header) -> Iterator[tuple[int, str]]:
    """Every run of comment lines, with the number of its first line; a comment that follows code
    on its line is one of its own."""
    lines = header.text.split("\n")
    run: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if _is_comment(line):
            run.append(line)
            continue
        if run:
            yield number - len(run), _comment_text(run)
            run = []
        if "//" in line:
            yield number, line.partition("//")[2].strip()
