from __future__ import annotations

import errno
import fcntl
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from limiterbench.common.errors import HostError, InputError
from limiterbench.common.files import LineLog, replace_text, sync


def test_lines_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for line in ("one", "two"):
        with LineLog(path) as log:
            log.append(line)
    assert path.read_text() == "one\ntwo\n"


def test_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("one\ntw")
    with LineLog(path) as log:
        assert log.repair() == 2
        assert log.repair() == 0
        log.append("three")
    assert path.read_text() == "one\nthree\n"


def test_two_writers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with LineLog(path):
        with pytest.raises(InputError, match="another run is writing"):
            LineLog(path)
    LineLog(path).__exit__(None, None, None)


def refuse(patch: pytest.MonkeyPatch, module: Any, name: str, number: int) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    patch.setattr(module, name, refused)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.EPERM])
def test_where_nothing_can_be_locked_no_other_run_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse(monkeypatch, fcntl, "flock", number)
    with LineLog(tmp_path / "log") as log:
        assert log.unlocked and os.strerror(number) in log.unlocked
        log.append("line")
    assert (tmp_path / "log").read_text() == "line\n"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EPERM, errno.ENOSYS, errno.ENOTSUP])
def test_what_cannot_be_synchronised_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse(monkeypatch, os, "fsync", number)
    with LineLog(tmp_path / "log") as log:
        log.append("line")
    replace_text(tmp_path / "text", "text")
    sync(tmp_path / "text")
    assert (tmp_path / "log").read_text() == "line\n"
    assert (tmp_path / "text").read_text() == "text"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_lost_data_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse(monkeypatch, os, "fsync", number)
    with LineLog(tmp_path / "log") as log:
        with pytest.raises(HostError, match=os.strerror(number)):
            log.append("line")
    with pytest.raises(HostError):
        replace_text(tmp_path / "text", "text")
    assert (tmp_path / "log").read_text() == ""


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with LineLog(path) as log:
        log.append("first")
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        try:
            with pytest.raises(HostError):
                log.append("a line that does not fit")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_text() == "first\n"
        log.append("last")
    assert path.read_text() == "first\nlast\n"


def test_replacing_leaves_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    replace_text(path, "old")
    replace_text(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
