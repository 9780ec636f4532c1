"""What one check found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Iterable, Sequence

from limiterbench.records.fields import Fields

# The numbers mean nothing.
FAIL = "FAIL"
# The numbers are noisier, or of fewer kinds.
WARN = "WARN"
# This host does not say. Never taken for good.
UNKNOWN = "UNKNOWN"
OK = "OK"
WORST_FIRST = (FAIL, WARN, UNKNOWN, OK)


@dataclass(frozen=True)
class Finding:
    check: str
    status: str
    seen: str
    advice: str = ""

    @property
    def is_bad(self) -> bool:
        return self.status in (FAIL, WARN)


def read(fields: Fields) -> Finding:
    texts = (fields.text(name) for name in ("check", "status", "seen", "advice"))
    return Finding(*texts)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Those of one status stay in the order of the checks, which is by weight."""
    return sorted(findings, key=lambda finding: WORST_FIRST.index(finding.status))


def counts(findings: Iterable[Finding]) -> str:
    """Of each status that there is: 1 FAIL, 3 WARN."""
    number = Counter(finding.status for finding in findings)
    return ", ".join(f"{number[status]} {status}" for status in WORST_FIRST if number[status])


def worse_of(before: Sequence[Finding], now: Sequence[Finding]) -> list[Finding]:
    """Of each check the worse one: a run is as good as the worst of its parts."""
    merged: dict[str, Finding] = {}
    for finding in (*before, *now):
        merged[finding.check] = worst_first([merged.get(finding.check, finding), finding])[0]
    return list(merged.values())
