"""Files that are whole or absent, and folders that nobody else writes to at the same time."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from pathlib import Path
from typing import Mapping

from limiterbench.common.errors import HostError, InputError


# With these errors, and no others, fsync says that data was lost or did not fit. With all others
# the file system or a sandbox cannot do it. Then a power cut may cost the last lines, no more.
_LOST = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _sync(fd: int) -> None:
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno in _LOST:
            raise


def new_folder(parent: Path, prefix: str) -> Path:
    """With a name that is not taken, and the permissions that the user's umask leaves.

    tempfile.mkdtemp gives 0700 whatever the umask says.
    """
    while True:
        folder = parent / f"{prefix}{secrets.token_hex(4)}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            continue


def replace_text(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, also after a power cut."""
    temporary = path.with_name(path.name + ".partial")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            _sync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise HostError(f"{path}: {error.strerror}") from None


def replace_blocks(text: str, document: str, blocks: Mapping[str, str]) -> str:
    """`text` with the content of each named generated block replaced."""
    for name, content in blocks.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- /generated: {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise InputError(f"{document}: not one block '<!-- generated: {name} -->'")
        before, after = text.split(begin)
        text = before + begin + content + end + after.split(end)[1]
    return text


def sync(path: Path) -> None:
    """What another process wrote is there after a power cut, too. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _sync(fd)
    finally:
        os.close(fd)


def display(path: Path) -> str:
    """As short as it can be typed from here. In a folder that is gone there is no shorter way."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


class LineLog:
    """Lines appended one at a time, by one process at a time.

    A kill leaves at most one line without its end, which the next opening cuts off. `unlocked` says
    why nothing keeps a second process out, where the file system or a sandbox has no locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.unlocked: str | None = None
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        try:
            # The kernel drops the lock when its holder dies, so it is never stale.
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise InputError(f"{path}: another run is writing to it") from None
        except OSError as error:
            self.unlocked = f"{path}: cannot be locked: {error.strerror}"

    def __enter__(self) -> LineLog:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def repair(self) -> int:
        """Cut off a last line that has no end. Returns the bytes dropped."""
        data = self._path.read_bytes()
        torn = len(data) - (data.rfind(b"\n") + 1)
        if torn:
            os.ftruncate(self._fd, len(data) - torn)
        return torn

    def append(self, line: str) -> None:
        data = line.encode() + b"\n"
        before = os.fstat(self._fd).st_size
        try:
            written = os.write(self._fd, data)
            if written != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            _sync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, before)
            raise HostError(f"{self._path}: {error.strerror}") from None
