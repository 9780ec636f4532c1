"""Typed access to JSON objects that somebody else wrote."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Callable, Mapping, NoReturn, TypeVar

from limiterbench.common.errors import InputError
from limiterbench.common.files import display

T = TypeVar("T")


class BadField(Exception):
    """A field is missing or not what it should be. The text names it."""


def parse_object(text: str) -> Fields:
    def refuse_constant(name: str) -> NoReturn:
        raise BadField(f"{name} is not a JSON number")

    try:
        value: object = json.loads(text, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise BadField(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise BadField("not JSON: nested too deeply") from None
    if not isinstance(value, dict):
        raise BadField("not a JSON object")
    return Fields(value)


def parse_file(path: Path, parse: Callable[[Fields], T]) -> T:
    """What `parse` makes of the JSON object in a file. Raises InputError."""
    try:
        return parse(parse_object(path.read_text(encoding="utf-8")))
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "not UTF-8 text"
    except BadField as error:
        reason = str(error)
    raise InputError(f"{display(path)}: {reason}")


class Fields:
    """One JSON object. Every accessor refuses a wrong field by its dotted name."""

    def __init__(self, values: Mapping[str, object], path: str = "") -> None:
        self.values = values
        self._path = path

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def refuse(self, key: str, reason: str) -> NoReturn:
        raise BadField(f"{self._name(key)} {reason}")

    def _value(self, key: str, kinds: type | tuple[type, ...], words: str) -> Any:
        if key not in self.values:
            raise BadField(f"{self._name(key)} is missing")
        value = self.values[key]
        if not _is(value, kinds):
            self.refuse(key, f"is not {words}")
        return value

    def maybe(self, key: str, read: Callable[[str], T]) -> T | None:
        """None if the field is missing or null."""
        return read(key) if self.has(key) else None

    def text(self, key: str) -> str:
        return str(self._value(key, str, "a text"))

    def flag(self, key: str) -> bool:
        return bool(self._value(key, bool, "true or false"))

    def integer(self, key: str, at_least: int = 0) -> int:
        value: int = self._value(key, int, "a whole number")
        if value < at_least:
            self.refuse(key, f"is {value}, less than {at_least}")
        return value

    def number(self, key: str) -> float:
        """A finite number, not negative."""
        value: float = self._value(key, (int, float), "a number")
        if not math.isfinite(value) or value < 0:
            self.refuse(key, f"is {value}, not a number from 0 up")
        return float(value)

    def mapping(self, key: str) -> dict[str, Any]:
        return dict(self._value(key, dict, "an object"))

    def object(self, key: str) -> Fields:
        return Fields(self._value(key, dict, "an object"), self._name(key))

    def array(self, key: str) -> list[Any]:
        values: list[Any] = self._value(key, list, "a list")
        return values

    def integers(self, key: str) -> list[int]:
        return self._all(key, int, "whole numbers")

    def texts(self, key: str) -> list[str]:
        return self._all(key, str, "texts")

    def _all(self, key: str, kind: type, words: str) -> list[Any]:
        values = self.array(key)
        if not all(_is(value, kind) for value in values):
            self.refuse(key, f"is not a list of {words}")
        return values

    def objects(self, key: str) -> list[Fields]:
        values = self.array(key)
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                self.refuse(key, f"[{index}] is not an object")
        return [Fields(value, f"{self._name(key)}[{i}]") for i, value in enumerate(values)]


def _is(value: object, kinds: type | tuple[type, ...]) -> bool:
    """To Python true and false are numbers, too."""
    return isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
