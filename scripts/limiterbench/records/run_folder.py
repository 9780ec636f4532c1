"""A run's folder: created whole, recognised, resumed by the same build on the same host only."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from limiterbench.common.errors import InputError
from limiterbench.common.files import display, new_folder, sync
from limiterbench.records import manifest as manifests
from limiterbench.records.manifest import Manifest

RUN_JSON = "run.json"
CELLS = "cells.jsonl"
TOPOLOGY = "topology.xml"
FIGURES = "figures"


def is_run(folder: Path) -> bool:
    return (folder / RUN_JSON).is_file()


def open_run(folder: Path) -> Manifest:
    if not folder.is_dir():
        raise InputError(f"{display(folder)}: no such folder")
    if not is_run(folder):
        raise InputError(f"{display(folder)}: not a run: it has no {RUN_JSON}")
    return manifests.read(folder / RUN_JSON)


def refuse_unless_new(folder: Path, can_resume: bool = True) -> None:
    """Checked before anything is built, shown or measured. Leaves nothing behind."""
    if is_run(folder):
        other = f"--resume {display(folder)} goes on with it" if can_resume else "name another"
        raise InputError(f"{display(folder)}: already holds a run; {other}")
    if folder.exists() or folder.is_symlink():
        raise InputError(f"{display(folder)}: exists and is not a run; give a new folder's name")
    parent = next(parent for parent in folder.absolute().parents if parent.exists())
    _refuse_unless_writable(folder, parent)


def refuse_unless_resumable(folder: Path) -> None:
    _refuse_unless_writable(folder, folder)


def _refuse_unless_writable(folder: Path, parent: Path) -> None:
    """Tried, not asked: the permissions do not tell of /proc, nor of anything to root."""
    try:
        os.rmdir(new_folder(parent, ".limiterbench."))
    except OSError as error:
        raise InputError(f"{display(folder)}: {parent} is not writable: {error.strerror}") from None


def create(folder: Path, manifest: Manifest, write_topology: Callable[[Path], None]) -> None:
    """The folder appears under its name only once it can be resumed."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = new_folder(folder.parent, f".{folder.name}.")
    except OSError as error:
        raise InputError(f"{display(folder)}: {error.strerror}") from None
    try:
        manifests.write(temporary / RUN_JSON, manifest)
        write_topology(temporary / TOPOLOGY)
        sync(temporary / TOPOLOGY)
        (temporary / CELLS).touch()
        os.rename(temporary, folder)
    except OSError as error:
        raise InputError(f"{display(folder)}: {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def dropped_if_empty(folder: Path) -> Iterator[None]:
    """However the block ends, a folder without a record does not outlive it."""
    try:
        yield
    finally:
        cells = folder / CELLS
        if cells.is_file() and cells.stat().st_size == 0:
            shutil.rmtree(folder, ignore_errors=True)


def check_same(folder: Path, stored: Manifest, now: Manifest) -> None:
    """Repetitions of two builds or two hosts must never end up in one folder."""
    pairs: tuple[tuple[str, str, str], ...] = (
        ("program", stored.program_sha256[:12], now.program_sha256[:12]),
        ("host", stored.hostname, now.hostname),
        ("topology", stored.topology.summary, now.topology.summary),
    )
    if stored.environment is not None:
        pairs += (("environment", stored.variables or "empty", now.variables or "empty"),)
    for what, before, after in pairs:
        if before != after:
            raise InputError(
                f"{display(folder)}: cannot be resumed here: another {what} "
                f"(it was {before}, this is {after})"
            )
