from __future__ import annotations

import resource
from pathlib import Path

import pytest

from limiterbench.errors import HostError, InputError
from limiterbench.files import LineLog, replace_text


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
