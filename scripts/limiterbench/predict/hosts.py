"""Host files: the machine that is simulated. docs/prediction.md describes their fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from limiterbench.common.errors import InputError, nearest
from limiterbench.records.fields import Fields, parse_file

SCHEMA = 1
# A line kept for a thousand transfers is a line that nobody shares.
MOST_ALPHA = 1000


@dataclass(frozen=True)
class Host:
    """`values` is the file's object: the program that simulates judges its figures."""

    key: str
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.values["name"])

    @property
    def alphas(self) -> tuple[float, ...]:
        """The ends of the range, or the one value."""
        alpha = self.values["alpha"]
        ends = alpha if isinstance(alpha, list) else [alpha]
        return tuple(sorted({float(end) for end in ends}))

    def with_values(self, **changed: Any) -> Host:
        return Host(self.key, {**self.values, **changed})

    def text(self) -> str:
        return json.dumps(self.values, indent=1, ensure_ascii=False) + "\n"

    @property
    def topology(self) -> str:
        """A description for hwloc, or the path of its XML."""
        return str(self.values["topology"])


def profiles(root: Path) -> dict[str, Path]:
    """The host files that come with the project, by name."""
    return {path.stem: path for path in sorted((root / "benchmarks" / "hosts").glob("*.json"))}


def find(root: Path, text: str) -> Host:
    """A profile's name, or the path of a host file."""
    known = profiles(root)
    if text in known:
        return read(known[text])
    path = Path(text)
    if "/" in text or text.endswith(".json") or path.is_file():
        return read(path)
    raise InputError(
        f"unknown host '{text}'{nearest(text, known)}\nvalid hosts: {', '.join(known)}, or a file"
    )


def read(path: Path) -> Host:
    host = parse_file(path, lambda fields: check(path.stem, fields))
    beside = path.resolve().parent / host.topology
    return host.with_values(topology=str(beside)) if beside.is_file() else host


def check(key: str, fields: Fields) -> Host:
    """What the scripts themselves rely on. Raises BadField."""
    if "schema" in fields.values:
        schema = fields.integer("schema", at_least=1)
        if schema > SCHEMA:
            fields.refuse("schema", f"is {schema}, newer than {SCHEMA}, the newest known here")
    fields.text("name")
    fields.text("topology")
    for name in ("rmw_ns", "load_ns"):
        if fields.number(name) <= 0:
            fields.refuse(name, "is not above 0")
    _check_alpha(fields)
    if isinstance(fields.values.get("transfer_ns"), dict):
        classes = fields.object("transfer_ns")
        for name in classes.values:
            classes.number(name)
    else:
        fields.array("transfer_ns")
    return Host(key, dict(fields.values))


def _check_alpha(fields: Fields) -> None:
    if not isinstance(fields.values.get("alpha"), list):
        if not 0 < fields.number("alpha") <= MOST_ALPHA:
            fields.refuse("alpha", f"is not above 0 and at most {MOST_ALPHA}")
        return
    ends: list[Any] = fields.array("alpha")
    plain = [end for end in ends if isinstance(end, (int, float)) and not isinstance(end, bool)]
    if len(plain) != 2 or len(ends) != 2 or not 0 < plain[0] <= plain[1] <= MOST_ALPHA:
        fields.refuse("alpha", f"is not [low, high] with 0 < low <= high <= {MOST_ALPHA}")
