"""docs/records.md: the tables of fields, made from docs/schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

FILES = ("cells", "run", "contention")
Node = dict[str, Any]


def _fields(node: Node, prefix: str = "") -> Iterator[tuple[str, Node]]:
    """Each field by its path, with those of the objects that the schema describes in place."""
    for name, field in node.get("properties", {}).items():
        yield prefix + name, field
        yield from _fields(field, f"{prefix}{name}.")
    for key, step in (("items", "[]."), ("additionalProperties", ".*.")):
        inner = node.get(key)
        if isinstance(inner, dict):
            yield from _fields(inner, prefix[:-1] + step)


def _line(path: str, field: Node) -> str:
    text = field["description"]
    if "enum" in field:
        text += f" ({', '.join(f'`{value}`' for value in field['enum'])})"
    return f"| `{path}` | {field.get('unit', '')} | {field['since']} | {text} |"


def _table(node: Node) -> list[str]:
    lines = [_line(path, field) for path, field in _fields(node)]
    return ["| field | unit | since | |", "|---|---|---|---|", *lines, ""]


def _tables(schema: Node) -> str:
    lines = _table(schema)
    for part in schema.get("$defs", {}).values():
        if "title" in part:
            lines += [f"**{part['title']}**", "", *_table(part)]
    return "\n".join(lines)


def blocks(schemas: Path) -> dict[str, str]:
    """The generated blocks of docs/records.md, from the schemas in a folder."""
    read = {name: json.loads((schemas / f"{name}.json").read_text("utf-8")) for name in FILES}
    return {name: _tables(schema) for name, schema in read.items()}
