"""What the commands' flags have in common, and what comes between parsing and doing."""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, NoReturn, Sequence, TypeVar

from limiterbench.common.errors import InputError, nearest

T = TypeVar("T", int, float)


class Parser(argparse.ArgumentParser):
    """Every command takes --no-install, and explains an unknown flag."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(
            prog=f"./scripts/{command}",
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.add_argument("--no-install", action="store_true", help="install no packages")

    def error(self, message: str) -> NoReturn:
        raise InputError(message)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        options, unknown = self.parse_known_args(arguments)
        for word in unknown:
            if not word.startswith("-"):
                raise InputError(f"'{word}' is not expected here; {self.prog} --help")
            flags = sorted(name for name in self._option_string_actions if name.startswith("--"))
            flag = word.split("=", 1)[0]
            raise InputError(
                f"unknown flag '{flag}'{nearest(flag, flags)}\nvalid flags: {', '.join(flags)}"
            )
        return options

    def add_names(self, flag: str, what: str) -> None:
        self.add_argument(
            f"--{flag}",
            metavar="NAME",
            action="append",
            default=[],
            help=f"only this {what}; may be given again",
        )


def _number(
    kind: Callable[[str], T], is_good: Callable[[T], bool], name: str
) -> Callable[[str], T]:
    def parse(text: str) -> T:
        value = kind(text)
        if not is_good(value):
            raise ValueError
        return value

    # argparse names the type in its message by it.
    parse.__name__ = name
    return parse


positive_int = _number(int, lambda n: n > 0, "whole number from 1")
whole_number = _number(int, lambda n: n >= 0, "whole number from 0")
percent = _number(float, lambda x: 0 < x < math.inf, "number of percent above 0")
positive_seconds = _number(float, lambda x: 0 < x < math.inf, "number of seconds above 0")


def root() -> Path:
    return Path(os.environ.get("LIMITERBENCH_ROOT", Path(__file__).resolve().parents[3]))


def host_root() -> Path:
    """Where the doctor finds /proc and /sys."""
    return Path(os.environ.get("LIMITERBENCH_HOST_ROOT", "/"))


def built(variable: str, name: str) -> Path:
    """A program of this build, or the one that the variable names."""
    return Path(os.environ.get(variable, root() / "build" / "release" / name))


def prepare(options: argparse.Namespace, level: str, *builds: str) -> None:
    """Installs what the level lacks and builds, if a script of this checkout started the command.

    Modules may be installed for another Python, which then starts over. Called once the arguments
    are known to be good, and before any module is imported that may have to be installed.
    """
    script = os.environ.pop("LIMITERBENCH_PREPARE", None)
    if script is None:
        return
    no_install = ["--no-install"] if options.no_install else []
    command = [script, *no_install, level, *builds]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    python = done.stdout.strip()
    if python != sys.executable:
        os.execv(python, [python, *sys.argv])
