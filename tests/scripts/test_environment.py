"""What the caller's environment may decide: environment.txt, name by name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict, List

from checkout import Checkout
from conftest import ROOT, SMALL, CommandLine, lines_of
from schemas import errors_of_run
from test_schemas import PROGRAM

TABLE = ROOT / "scripts" / "limiterbench" / "common" / "environment.txt"


def names_of(*decisions: str) -> List[str]:
    """Of each pattern, a name that matches it."""
    lines = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines()]
    patterns = [name for line in lines if line and line[0] in decisions for name in line[1:]]
    return [pattern.replace("*", "ANY") for pattern in patterns]


# Without these nothing starts, or the tests find nothing.
NEEDED = ("PATH", "HOME", "TMPDIR", "CXX", "LIMITERBENCH_PYTHON", "LIMITERBENCH_PROGRAM")
# The scripts choose it anew: the characters are the terminal's.
LOCALE = ("LANG", "LC_ANY")


def hostile() -> Dict[str, str]:
    """A value for every name of the table."""
    names = names_of("record", "keep", "build", "drop")
    return {
        **{name: "a b" for name in names if name not in (*NEEDED, *LOCALE)},
        # A function of this name would stand for the command.
        "BASH_FUNC_cd%%": "() { echo from a function; }",
        "LIMITERBENCH_HOST_ROOT": os.environ["LIMITERBENCH_HOST_ROOT"],
        "root": "/nowhere",
        "LC_ALL": "C.UTF-8",
    }


def manifest_of(run: Path) -> Dict[str, Any]:
    manifest: Dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return manifest


def test_every_variable_goes_where_the_table_says(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    command = [checkout.scripts / "run", "--no-install", *SMALL, "--dry-run"]
    done = checkout.call(command, hostile())
    assert done.returncode == 0, done.stderr
    assert "from a function" not in done.stdout + done.stderr
    stays = set(names_of("record", "keep", "build"))
    built, measured = checkout.reached("cmake"), checkout.reached("program")
    dropped = set(names_of("drop")) - stays
    assert sorted(dropped & built.keys()) == []
    assert sorted(stays - built.keys() - {*NEEDED, *LOCALE}) == []
    passed = set(names_of("record", "keep"))
    assert sorted(passed - measured.keys() - {*NEEDED}) == []
    added = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE", "FAKE_STORED"}
    assert sorted(measured.keys() - passed - added) == []


def test_what_can_change_numbers_is_recorded(cli: CommandLine, tmp_path: Path) -> None:
    hostile = dict.fromkeys(names_of("record"), "a b")
    done = cli.without_charts()("run", *SMALL, "--out", "run", **hostile)
    assert done.returncode == 0, done.stderr
    assert manifest_of(tmp_path / "run")["environment"] == hostile
    assert errors_of_run(tmp_path / "run") == []


def test_the_locale_only_decides_about_characters(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    env = {"LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "LC_NUMERIC": "de_DE", "LANGUAGE": "de"}
    done = checkout.call([checkout.scripts / "run", "--no-install", *SMALL, "--dry-run"], env)
    assert done.returncode == 0, done.stderr
    reached = checkout.reached("cmake")
    said = {name: reached[name] for name in reached if name.startswith(("LC_", "LANG"))}
    assert said == {"LANG": "C", "LC_CTYPE": "C.UTF-8"}


def test_a_compiler_may_have_arguments(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    command = [checkout.scripts / "run", "--no-install", *SMALL, "--dry-run"]
    for compiler in ("c++ -m64 -pipe", "c++"):
        done = checkout.call(command, {"CXX": compiler})
        assert done.returncode == 0, done.stderr
        assert checkout.reached("cmake")["CXX"] == compiler
    done = checkout.call(command, {"CXX": "no-such-compiler -m64"})
    assert done.returncode == 2 and "a C++20 compiler" in done.stderr


def test_a_bare_machine_lacks_things_and_ends_no_script() -> None:
    """No variable is set and no command is found. Under `set -u` the shell itself may end."""
    library = ROOT / "scripts" / "lib" / "requirements.sh"
    source = """
        source "$0"
        checks=$(compgen -A function has_)
        has_apt() { true; }
        PATH=/nowhere
        for check in $checks; do need "$check" "$check" "$check" x; done
        echo "${missing_packages[*]}"
    """
    command = ["/bin/bash", "-euo", "pipefail", "-c", source, str(library)]
    nothing: Dict[str, str] = {}
    done = subprocess.run(command, env=nothing, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {"has_compiler", "has_cmake", "has_hwloc"} <= set(done.stdout.split())


def test_every_prefix_of_a_list_is_searched(tmp_path: Path) -> None:
    files = {
        "a/include/x.hpp": "",
        "b b/include/y.hpp": "",
        "b b/lib/pkgconfig/hwloc.pc": "Name: hwloc\nDescription: newest\nVersion: 99\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    env = {
        **os.environ,
        "CMAKE_PREFIX_PATH": f"{tmp_path}/a:{tmp_path}/b b",
        "PKG_CONFIG_LIBDIR": "/nowhere",
    }
    source = 'source "$0"; has_header x.hpp && has_header y.hpp && ! has_header z.hpp && has_hwloc'
    library = ROOT / "scripts" / "lib" / "requirements.sh"
    command = ["bash", "-uc", source, str(library)]
    assert subprocess.run(command, env=env, check=False).returncode == 0


def test_google_benchmarks_variables_do_not_reach_a_cell(cli: CommandLine) -> None:
    assert PROGRAM.exists(), f"{PROGRAM}: not built; ./scripts/test builds it"
    size = ("--threads", "1", "--repetitions", "1", "--seconds", "0.05", "--noise-repeats", "0")
    done = cli.without_charts()(
        *("run", "--impl", "hazard", "--scenario", "steady", *size, "--out", "run"),
        LIMITERBENCH_PROGRAM=str(PROGRAM),
        BENCHMARK_REPETITIONS="3",
        BENCHMARK_DRY_RUN="true",
        BENCHMARK_OUT_FORMAT="csv",
        HWLOC_SYNTHETIC="pack:2 core:2 pu:1",
    )
    assert [line["status"] for line in lines_of(cli.folder / "run")] == ["ok"], done.stderr


def test_a_run_is_resumed_in_the_same_environment_only(bare: CommandLine, stored_run: Path) -> None:
    manifest = manifest_of(stored_run)
    assert manifest["environment"] == {}
    manifest["status"] = "interrupted"
    (stored_run / "run.json").write_text(json.dumps(manifest))
    done = bare("run", "--resume", "run", MALLOC_ARENA_MAX="1")
    assert done.returncode == 2
    assert "another environment (it was empty, this is MALLOC_ARENA_MAX=1)" in done.stderr
    assert bare("run", "--resume", "run").returncode == 0


def test_another_environment_is_told_when_runs_are_compared(
    cli: CommandLine, stored_run: Path
) -> None:
    other = Path(shutil.copytree(stored_run, cli.folder / "other"))
    manifest = manifest_of(other)
    manifest["environment"] = {"LD_PRELOAD": "libfast.so"}
    (other / "run.json").write_text(json.dumps(manifest))
    done = cli("compare", "run", "other")
    assert "environment: empty -> LD_PRELOAD=libfast.so" in done.stdout, done.stderr


def git(folder: Path, *arguments: str) -> None:
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(folder), *name, *arguments], check=True, capture_output=True)


def stamp(source: Path, **env: str) -> str:
    """What the build says of the commit that it is of."""
    template, output = source / "stamp.in", source / "stamp"
    template.write_text("@commit@")
    script = ROOT / "cmake" / "build_info.cmake"
    values = [f"-Dsource_dir={source}", f"-Dtemplate={template}", f"-Doutput={output}"]
    subprocess.run(["cmake", *values, "-P", str(script)], env={**os.environ, **env}, check=True)
    return output.read_text().strip()


def test_the_stamp_is_of_the_source_whatever_git_is_told(tmp_path: Path) -> None:
    source, other = tmp_path / "d'été b", tmp_path / "other"
    for folder in (source, other):
        (folder / "impls").mkdir(parents=True)
        (folder / "impls" / "a.hpp").write_text(folder.name)
        git(folder, "init")
        git(folder, "add", "impls")
        git(folder, "commit", "-m", "first")
    expected = stamp(source)
    assert len(expected) == 12
    hostile = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / "nothing"),
        "GIT_CONFIG_COUNT": "many",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_TRACE": "1",
    }
    for name, value in hostile.items():
        assert stamp(source, **{name: value}) == expected, name
    assert stamp(source, **hostile) == expected
    (source / "impls" / "a.hpp").write_text("changed")
    assert stamp(source, **hostile) == f"{expected}-dirty"


def test_a_run_names_the_checkouts_commit(cli: CommandLine, tmp_path: Path) -> None:
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "first")
    hostile = {"GIT_DIR": "/nowhere", "GIT_CONFIG_COUNT": "many"}
    assert cli.without_charts()("run", *SMALL, "--out", "run", **hostile).returncode == 0
    assert len(manifest_of(tmp_path / "run")["versions"]["commit"]) == 12
