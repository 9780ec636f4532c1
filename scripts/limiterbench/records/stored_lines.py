"""The lines of `cells.jsonl`: plain while a run goes on, compressed once it is complete."""

from __future__ import annotations

import gzip
import json
import mmap
import os
import zlib
from pathlib import Path
from typing import Any, Union

from limiterbench.common.errors import HostError, InputError
from limiterbench.common.files import sync
from limiterbench.records.histogram import compact

_PACKED = ".gz"
# Level 9 saves 3 % more and takes four times as long.
_LEVEL = 6

Data = Union[bytes, mmap.mmap]


def _packed(path: Path) -> Path:
    return path.with_name(path.name + _PACKED)


def stored(path: Path) -> Path:
    """The file that holds the lines of `path`: itself, or the compressed one beside it."""
    packed = _packed(path)
    if not packed.exists():
        return path
    if path.exists():
        # A kill while one replaced the other leaves both, with the same lines.
        raise InputError(f"{path}: {packed.name} is there too; delete one of the two")
    return packed


def content(file: Path) -> Data:
    """What a stored file holds. Raises InputError."""
    try:
        with open(file, "rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            if file.suffix != _PACKED:
                return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
            if not size:
                raise EOFError
            return gzip.GzipFile(fileobj=opened).read()
    except EOFError:
        raise InputError(f"{file}: truncated: the compressed data ends too early") from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{file}: damaged: not what gzip wrote: {error}") from None
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None


def pack(path: Path) -> None:
    """Replaces plain lines by compressed ones. The same lines always give the same bytes."""
    packed = _packed(path)
    partial = packed.with_name(packed.name + ".partial")
    try:
        with open(path, "rb") as lines, open(partial, "wb") as file:
            with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as compressed:
                for line in lines:
                    compressed.write(_compact(line))
        _replace(partial, packed, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise HostError(f"{packed}: {error.strerror}") from None


def unpack(path: Path) -> None:
    """The lines become plain again if they are compressed: a run that goes on appends to them."""
    file = stored(path)
    if file == path:
        return
    lines = content(file)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(lines)
        _replace(partial, path, file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise HostError(f"{path}: {error.strerror}") from None


def _replace(partial: Path, new: Path, old: Path) -> None:
    sync(partial)
    os.replace(partial, new)
    old.unlink()


def _compact(line: bytes) -> bytes:
    values = json.loads(line, object_hook=_compact_histogram)
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _compact_histogram(values: dict[str, Any]) -> dict[str, Any]:
    counts = values.get("counts")
    if "sub_buckets" not in values or not counts or isinstance(counts[0], int):
        return values
    return {**values, "counts": compact(counts)}
