"""Checks values against docs/schema: as much of JSON Schema as those files use.

Missing and unknown fields pass: older files have fewer, newer ones more. What needs a missing field
says so.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable

from limiterbench.records.fields import BadField

# A link to docs/schema: the scripts are also copied without the documents.
_FOLDER = Path(__file__).with_name("schemas")

Node = dict[str, Any]
Check = Callable[[Any, str], None]

_KINDS: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}
_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}


def check(name: str, value: object) -> None:
    """Against `name`.json. Raises BadField, with the dotted name of the first wrong field."""
    _load(name)(value, "")


@lru_cache(maxsize=None)
def _load(name: str) -> Check:
    root = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return _compile(root, root)


def _compile(node: Node, root: Node) -> Check:
    return _together([make(node, root) for key, make in _MAKERS.items() if key in node])


def _together(checks: list[Check]) -> Check:
    def check_all(value: Any, path: str) -> None:
        for one in checks:
            one(value, path)

    return checks[0] if len(checks) == 1 else check_all


def _type(node: Node, root: Node) -> Check:
    names: list[str] = [node["type"]] if isinstance(node["type"], str) else node["type"]
    kinds = frozenset(kind for name in names for kind in _KINDS[name])
    words = " or ".join(_WORDS[name] for name in names)
    return _refuse_if(lambda value: type(value) not in kinds, lambda value: f"is not {words}")


def _refuse_if(is_wrong: Callable[[Any], Any], reason: Callable[[Any], str]) -> Check:
    def check_value(value: Any, path: str) -> None:
        if is_wrong(value):
            raise BadField(f"{path} {reason(value)}")

    return check_value


def _pattern(node: Node, root: Node) -> Check:
    matches = re.compile(node["pattern"]).search
    wanted = node.get("description", f"as {node['pattern']}").replace("`", "").partition(";")[0]
    return _refuse_if(lambda v: not matches(v), lambda v: f"is {v!r}, not {wanted}")


# What is wrong with a value v, given the keyword's own value w, and how that is said.
_OF_VALUES: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], str]]] = {
    "enum": (lambda v, w: v not in w, lambda v, w: f"is {v!r}, not one of {', '.join(w)}"),
    "const": (lambda v, w: v != w, lambda v, w: f"is {v!r}, not {w}"),
    "minimum": (lambda v, w: v is not None and v < w, lambda v, w: f"is {v}, less than {w}"),
    "maximum": (lambda v, w: v > w, lambda v, w: f"is {v}, more than {w}"),
    "exclusiveMinimum": (lambda v, w: v <= w, lambda v, w: f"is not above {w}"),
    "minItems": (
        lambda v, w: isinstance(v, list) and len(v) < w,
        lambda v, w: "is short" if v else "is empty",
    ),
}


def _of_value(keyword: str) -> Callable[[Node, Node], Check]:
    is_wrong, reason = _OF_VALUES[keyword]

    def make(node: Node, root: Node) -> Check:
        wanted = node[keyword]
        return _refuse_if(lambda v: is_wrong(v, wanted), lambda v: reason(v, wanted))

    return make


def _items(node: Node, root: Node) -> Check:
    of_item = _compile(node["items"], root)

    def check_values(value: Any, path: str) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                of_item(item, f"{path}[{index}]")

    return check_values


def _properties(node: Node, root: Node) -> Check:
    # A run has millions of buckets: what reads histograms checks those faster.
    fields = {k: _compile(field, root) for k, field in node["properties"].items() if k != "counts"}

    def check_values(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in fields:
                    fields[key](inner, f"{path}.{key}" if path else key)

    return check_values


def _values(node: Node, root: Node) -> Check:
    of_value = _compile(node["additionalProperties"] or {}, root)

    def check_values(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                of_value(inner, f"{path}.{key}")

    return check_values


def _one_of(node: Node, root: Node) -> Check:
    """The schemas use it for what may also be null."""
    (of_value,) = [_compile(one, root) for one in node["oneOf"] if one != {"type": "null"}]

    def check_values(value: Any, path: str) -> None:
        if value is not None:
            of_value(value, path)

    return check_values


# In the order of the checks: those of a value's size rely on its type.
_MAKERS: dict[str, Callable[[Node, Node], Check]] = {
    "$ref": lambda node, root: _compile(root["$defs"][node["$ref"].rpartition("/")[2]], root),
    "type": _type,
    "pattern": _pattern,
    **{keyword: _of_value(keyword) for keyword in _OF_VALUES},
    "items": _items,
    "properties": _properties,
    "additionalProperties": _values,
    "allOf": lambda node, root: _together([_compile(one, root) for one in node["allOf"]]),
    "oneOf": _one_of,
}
