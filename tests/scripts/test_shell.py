"""The scripts start from anywhere, by any path, whatever the caller's shell has defined."""

from __future__ import annotations

import os
import shutil
from itertools import product
from pathlib import Path
from typing import Callable, Dict, List, Tuple

import pytest
from checkout import Checkout
from conftest import ROOT

COMMANDS = sorted(path.name for path in (ROOT / "scripts").iterdir() if path.is_file())
# One that asks Python, and one that does not; all begin with the same lines.
KINDS = ("run", "setup")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def usual(checkout: Checkout) -> Dict[str, str]:
    """What each command says of itself."""
    answers = {name: checkout.call([checkout.scripts / name, "--help"]) for name in COMMANDS}
    assert all(done.returncode == 0 and done.stdout for done in answers.values())
    return {name: done.stdout for name, done in answers.items()}


Way = Callable[[Path, Path], Tuple[List[object], Path]]


def _by_symlink(script: Path, scratch: Path) -> Tuple[List[object], Path]:
    link = scratch / "another name"
    link.symlink_to(script)
    return [link], scratch


def _by_linked_checkout(script: Path, scratch: Path) -> Tuple[List[object], Path]:
    (scratch / "link").symlink_to(script.parents[1])
    return [f"link/scripts/{script.name}"], scratch


WAYS: Dict[str, Way] = {
    "absolute": lambda script, scratch: ([script], scratch),
    "of its folder": lambda script, scratch: ([f"./{script.name}"], script.parent),
    "of a folder beside it": lambda script, scratch: (
        [f"../scripts/{script.name}"],
        script.parents[1] / ".ci",
    ),
    "bash": lambda script, scratch: (["bash", f"scripts/{script.name}"], script.parents[1]),
    "bash, in PATH": lambda script, scratch: (
        ["env", f"PATH={script.parent}:{os.environ['PATH']}", "bash", script.name],
        scratch,
    ),
    "in PATH": lambda script, scratch: (
        ["env", f"PATH=.:{os.environ['PATH']}", script.name],
        script.parent,
    ),
    "symlink": _by_symlink,
    "symlink to the checkout": _by_linked_checkout,
}


@pytest.mark.parametrize(
    "command, way",
    [*product(KINDS, WAYS), *product(sorted(set(COMMANDS) - set(KINDS)), ["symlink"])],
)
def test_by_any_path(
    checkout: Checkout, usual: Dict[str, str], tmp_path: Path, command: str, way: str
) -> None:
    words, folder = WAYS[way](checkout.scripts / command, tmp_path)
    done = checkout.call([*words, "--help"], cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == (usual[command], "")


# What the scripts themselves call something by, and what bash obeys.
NAMES = (
    *("root", "install", "arguments", "passed", "failed", "library", "logs", "script", "package"),
    *("checked", "kinds", "kind", "junit", "help", "name", "PYTHON", "can_ask", "missing_packages"),
    *("dropped", "kept", "plot_modules", "wanted_packages"),
)
FUNCTIONS = ("cd", "dirname", "realpath", "pwd", "read", "printf", "sed", "env", "local")


@pytest.mark.parametrize("shell", [[], ["bash"]])
@pytest.mark.parametrize("command", KINDS)
def test_whatever_is_exported(
    checkout: Checkout, usual: Dict[str, str], tmp_path: Path, command: str, shell: List[str]
) -> None:
    startup = tmp_path / "startup"
    startup.write_text("root=/nowhere; set -f -u; shopt -s nocasematch; IFS=/; alias cd=false\n")
    env = {
        **dict.fromkeys(NAMES, "hostile"),
        **{f"BASH_FUNC_{name}%%": "() { echo hostile; return 3; }" for name in FUNCTIONS},
        "BASH_ENV": str(startup),
        "CDPATH": str(checkout.folder),
        "GLOBIGNORE": "*",
        "POSIXLY_CORRECT": "1",
        "SHELLOPTS": "noglob:nounset:posix",
        "BASHOPTS": "nocasematch:failglob",
        "GREP_OPTIONS": "-v",
    }
    done = checkout.call([*shell, f"scripts/{command}", "--help"], env)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == (usual[command], "")


def test_the_ci_finds_the_tests(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    (checkout.scripts / "lib" / "test" / "ci.sh").write_text('run_kind() { say "ci of $root"; }\n')
    link = tmp_path / "link"
    link.symlink_to(checkout.folder / ".ci" / "run")
    commands: List[List[object]] = [[checkout.folder / ".ci/run"], ["bash", ".ci/run"], [link]]
    for command in commands:
        done = checkout.call(command, {"CDPATH": "/", "CI": "true"})
        assert done.stderr == f"ci of {checkout.folder}\n"


def test_modules_of_the_current_directory_stay_unread(checkout: Checkout, tmp_path: Path) -> None:
    for name in ("json.py", "limiterbench.py", "importlib.py", "rich.py", "statistics.py"):
        (tmp_path / name).write_text("raise ImportError('of the current directory')\n")
    paths = {"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "json.py")}
    done = checkout.call([checkout.scripts / "doctor", "--json"], paths, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_from_a_folder_that_was_deleted(
    checkout: Checkout, stored_run: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    source = f'mkdir "{gone}" && cd "{gone}" && rmdir "{gone}" && exec "$0" --no-install "$1"'
    done = checkout.call(["bash", "-c", source, checkout.scripts / "plot", stored_run])
    assert done.returncode == 0, done.stderr


def test_charts_in_a_folder_with_any_name(
    checkout: Checkout, stored_run: Path, tmp_path: Path
) -> None:
    run = Path(shutil.move(str(stored_run), tmp_path / "l'été, 1 *"))
    done = checkout.call([checkout.scripts / "plot", "--no-install", run.name], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{run.name}/figures/scaling_steady.svg" in done.stdout.splitlines()


def test_a_bundle_runs_by_any_path(tmp_path: Path) -> None:
    bundle = tmp_path / "d'été b"
    (bundle / "scripts").mkdir(parents=True)
    shutil.copytree(ROOT / "scripts" / "limiterbench", bundle / "scripts" / "limiterbench")
    shutil.copy(ROOT / "scripts" / "lib" / "bundle" / "command", bundle / "scripts" / "doctor")
    link = tmp_path / "link"
    link.symlink_to(bundle / "scripts" / "doctor")
    (tmp_path / "json.py").write_text("raise ImportError('of the current directory')\n")
    checkout = Checkout(tmp_path / "checkout")
    hostile = {"CDPATH": "/", "PYTHONPATH": str(tmp_path), "PYTHONHOME": "/nowhere", "root": "/"}
    by_sh: List[object] = ["sh", f"{bundle.name}/scripts/doctor"]
    commands: List[List[object]] = [[bundle / "scripts" / "doctor"], by_sh, [link]]
    for command in commands:
        done = checkout.call([*command, "--json"], hostile, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
