"""The commands behind scripts/: exit statuses and one-line errors."""

from __future__ import annotations

import io
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

from limiterbench.cli.parsing import Parser
from limiterbench.common import environment
from limiterbench.common.errors import HostError, InputError, nearest

# Each is a module here, with `parser()` and `main(options)`.
COMMANDS = ("run", "plot", "report", "doctor", "compare", "predict", "readme", "weaken_orders")

_BAD_INPUT = 2
_INTERRUPTED = 130
# As a shell says of a process that SIGPIPE killed.
_CLOSED_PIPE = 141


def parser_of(command: str) -> Parser:
    parser: Parser = import_module(f"limiterbench.cli.{command}").parser()
    return parser


def _dispatch(arguments: list[str]) -> int:
    name: str | None = arguments[0] if arguments else None
    if name not in COMMANDS:
        said = f"unknown command '{name}'{nearest(name, COMMANDS)}" if name else "no command"
        raise InputError(f"{said}\nvalid commands: {', '.join(COMMANDS)}")
    status: int = import_module(f"limiterbench.cli.{name}").main(
        parser_of(name).parse(arguments[1:])
    )
    return status


def _only_if_open() -> None:
    """A closed descriptor would be the next file's that is opened, and take what is printed."""
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8"))


def _of_the_system(error: OSError) -> str:
    """What no command expected: never a stack trace, but where it was."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = error.filename or f"{Path(last.filename).name}:{last.lineno}: {last.line}"
    return f"{where}: {error.strerror or error}"


def _say_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: list[str]) -> int:
    _only_if_open()
    environment.shield_charts()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without µ gets a question mark, not a stack trace.
            stream.reconfigure(errors="replace")
    try:
        try:
            status = _dispatch(arguments)
        except SystemExit as ended:
            # --help, or what could not be installed or built.
            status = int(ended.code or 0)
        sys.stdout.flush()
        return status
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return _BAD_INPUT
    except HostError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left: `… | head`. A status of a command's own would lie.
        _say_no_more()
        return _CLOSED_PIPE
    except OSError as error:
        print(f"error: {_of_the_system(error)}", file=sys.stderr)
        _say_no_more()
        return 1
