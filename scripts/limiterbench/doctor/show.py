"""Findings as text that fits 80 columns. Needs no package, so that it works before any is there."""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import asdict
from typing import Sequence, TextIO

from limiterbench.records.finding import FAIL, OK, WARN, Finding, counts, worst_first

_WIDTH = 80
_STATUS = 8
_CHECK = 15
_COLOURS = {FAIL: "\033[31m", WARN: "\033[33m", OK: "\033[32m"}
_PLAIN = "\033[0m"


def _coloured(status: str, colour: bool) -> str:
    padded = f"{status:<{_STATUS}}"
    return f"{_COLOURS.get(status, '')}{padded}{_PLAIN}" if colour else padded


def wants_colour(stream: TextIO) -> bool:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, _WIDTH - indent, break_long_words=False, break_on_hyphens=False) or [
        ""
    ]


def _lines(finding: Finding, colour: bool) -> list[str]:
    indent = " " * (_STATUS + _CHECK)
    seen = _wrapped(finding.seen, len(indent))
    first = f"{_coloured(finding.status, colour)}{finding.check:<{_CHECK}}{seen[0]}"
    lines = [first, *(indent + line for line in seen[1:])]
    if finding.advice:
        lines += [" " * _STATUS + line for line in _wrapped(finding.advice, _STATUS)]
    return lines


def table(findings: Sequence[Finding], colour: bool = False) -> str:
    """All, the worst first, each with what to do about it, and how many there are."""
    lines = [line for finding in worst_first(findings) for line in _lines(finding, colour)]
    return "\n".join([*lines, counts(findings)])


def brief(findings: Sequence[Finding], colour: bool = False) -> str:
    """What is wrong, a line or two each; nothing if nothing is."""
    bad = [Finding(f.check, f.status, f.seen) for f in worst_first(findings) if f.is_bad]
    lines = [line for finding in bad for line in _lines(finding, colour)]
    if lines:
        lines.append(f"{counts(bad)}: ./scripts/doctor says what to do")
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    return json.dumps([asdict(f) for f in worst_first(findings)], indent=1, ensure_ascii=False)
