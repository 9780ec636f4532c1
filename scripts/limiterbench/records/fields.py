"""Typed access to JSON objects that somebody else wrote."""

from __future__ import annotations

import json
import math
from typing import Any, Mapping, NoReturn


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


class Fields:
    """One JSON object. Every accessor refuses a wrong field by its dotted name."""

    def __init__(self, values: Mapping[str, object], path: str = "") -> None:
        self.values = values
        self._path = path

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str) -> object:
        if key not in self.values:
            raise BadField(f"{self._name(key)} is missing")
        return self.values[key]

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def refuse(self, key: str, reason: str) -> NoReturn:
        raise BadField(f"{self._name(key)} {reason}")

    def text(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str):
            self.refuse(key, "is not a text")
        return value

    def flag(self, key: str) -> bool:
        value = self._get(key)
        if not isinstance(value, bool):
            self.refuse(key, "is not true or false")
        return value

    def integer(self, key: str, at_least: int = 0) -> int:
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(key, "is not a whole number")
        if value < at_least:
            self.refuse(key, f"is {value}, less than {at_least}")
        return value

    def number(self, key: str) -> float:
        """A finite number, not negative."""
        value = self._get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.refuse(key, "is not a number")
        if not math.isfinite(value) or value < 0:
            self.refuse(key, f"is {value}, not a number from 0 up")
        return float(value)

    def object(self, key: str) -> Fields:
        value = self._get(key)
        if not isinstance(value, dict):
            self.refuse(key, "is not an object")
        return Fields(value, self._name(key))

    def array(self, key: str) -> list[Any]:
        value = self._get(key)
        if not isinstance(value, list):
            self.refuse(key, "is not a list")
        return value

    def integers(self, key: str) -> list[int]:
        values = self.array(key)
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            self.refuse(key, "is not a list of whole numbers")
        return values

    def texts(self, key: str) -> list[str]:
        values = self.array(key)
        if not all(isinstance(value, str) for value in values):
            self.refuse(key, "is not a list of texts")
        return values

    def objects(self, key: str) -> list[Fields]:
        values = self.array(key)
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                self.refuse(key, f"[{index}] is not an object")
        return [Fields(value, f"{self._name(key)}[{i}]") for i, value in enumerate(values)]
