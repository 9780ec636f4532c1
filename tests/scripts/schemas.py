"""The JSON Schemas of docs/schema, as validators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

from conftest import lines_of
from jsonschema import Draft202012Validator

from limiterbench.records.run_folder import CELLS
from limiterbench.records.stored_lines import stored

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schema"


def schema(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


class Schema:
    def __init__(self, name: str) -> None:
        Draft202012Validator.check_schema(schema(name))
        self._validator = Draft202012Validator(schema(name))

    def errors(self, value: object) -> List[str]:
        return [f"{e.json_path}: {e.message}" for e in self._validator.iter_errors(value)]


RUN, CELL, CONTENTION, BENCHMARK = map(Schema, ("run", "cells", "contention", "benchmark"))


def thinned(value: Any) -> Any:
    """With few of a histogram's buckets: they are many and alike, and the records' reader checks
    each."""
    if isinstance(value, list):
        return [thinned(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: v[:3] if k == "counts" else thinned(v) for k, v in value.items()}


def errors_of_run(folder: Path) -> List[str]:
    """Of every file that has a schema. A run of before a file was written lacks it, and a
    prediction is stored without its records."""
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    errors = RUN.errors(about)
    lines = lines_of(folder) if stored(folder / CELLS).exists() or "simulated" not in about else []
    for number, line in enumerate(lines, start=1):
        errors += [f"cells.jsonl:{number}: {error}" for error in CELL.errors(thinned(line))]
    for name, of_file in (("contention", CONTENTION), ("benchmark", BENCHMARK)):
        path = folder / f"{name}.json"
        if path.exists():
            errors += of_file.errors(json.loads(path.read_text(encoding="utf-8")))
    return errors
