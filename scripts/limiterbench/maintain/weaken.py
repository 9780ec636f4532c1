"""Weakens every order of the headers and reports which weakenings some model test catches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator, NamedTuple, Protocol, Sequence

from limiterbench.common.errors import HostError, InputError, nearest
from limiterbench.common.files import replace_text
from limiterbench.common.text_table import markdown
from limiterbench.common.versions import git
from limiterbench.maintain.model_runs import Models, Program, programs_for
from limiterbench.maintain.orders import Header, orders_of, read_headers
from limiterbench.maintain.weakenings import (
    NOT_MODELLED,
    Change,
    ladders_of,
    stray_reasons,
    structural_of,
    weaker,
)


class Result(NamedTuple):
    change: Change
    caught_by: str | None

    @property
    def verdict(self) -> str:
        if self.caught_by is not None:
            return "caught, but a reason says not shown" if self.change.reason else "caught"
        return "reasoned" if self.change.reason else "survived"

    @property
    def is_good(self) -> bool:
        return self.verdict in ("caught", "reasoned")


class ModelTests(Protocol):
    def replace(self, name: str, text: str) -> None:
        ...

    def fault(self, program: Program) -> str | None:
        ...


def choose(impls: Path, names: Sequence[str]) -> list[Header]:
    headers = [each for each in read_headers(impls) if not each.name.startswith(NOT_MODELLED)]
    known = {header.name for header in headers}
    for name in names:
        if name not in known:
            raise InputError(f"no header '{name}' to weaken{nearest(name, sorted(known))}")
    return [header for header in headers if not names or header.name in names]


def _try(models: ModelTests, change: Change, programs: Sequence[Program]) -> Result:
    models.replace(change.header.name, change.applied())
    for program in programs:
        fault = models.fault(program)
        if fault is not None:
            return Result(change, f"{program}: {fault}")
    return Result(change, None)


def results_of(models: ModelTests, header: Header) -> Iterator[Result]:
    programs = programs_for(header.name)
    for change in structural_of(header):
        yield _try(models, change, programs)
    for ladder in ladders_of(header):
        for step in iter(ladder.next, None):
            result = _try(models, step, programs)
            if result.caught_by is None:
                ladder.not_caught(step.to)
            yield result
    models.replace(header.name, header.text)


def _check_unchanged(models: Models, headers: Sequence[Header]) -> None:
    """A test that fails anyway would catch everything."""
    checked: set[Program] = set()
    for header in headers:
        for program in programs_for(header.name):
            fault = None if program in checked else models.fault(program)
            if fault is not None:
                raise HostError(f"{program} fails on the headers as they are: {fault}")
            checked.add(program)


def list_steps(headers: Sequence[Header]) -> None:
    for header in headers:
        for change in structural_of(header):
            print(f"{header.name}:{change.line}  {change.what}")
        for order in sorted(orders_of(header), key=lambda found: found.begin):
            steps = " or ".join(weaker(order, order.order)) or "nothing weaker"
            what = f"{order.operation} {order.order}".strip()
            print(f"{order.place}  {what} -> {steps}")


def _print(result: Result) -> None:
    change = result.change
    detail = result.caught_by or change.reason
    print(
        f"{change.header.name}:{change.line}  {change.what} -> {change.to}: "
        f"{result.verdict}{f' ({detail})' if detail else ''}",
        flush=True,
    )


def _commit(root: Path) -> str:
    changed = git(root, "status", "--porcelain", "impls", "tests/model")
    return (git(root, "rev-parse", "HEAD") or "unknown") + (", changed" if changed else "")


def _summary(results: Sequence[Result], headers: Sequence[Header]) -> list[str]:
    orders = [order for header in headers for order in orders_of(header)]
    relaxed = sum(order.order == "relaxed" for order in orders)
    verdicts = [result.verdict for result in results]
    return [
        f"{len(orders)} orders and fences, {relaxed} of them relaxed, with nothing weaker; "
        f"{len(results)} weakenings: {verdicts.count('caught')} caught, "
        f"{verdicts.count('reasoned')} reasoned, "
        f"{sum(not result.is_good for result in results)} neither."
    ]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


def _table(root: Path, results: Sequence[Result], headers: Sequence[Header]) -> str:
    rows = [
        [
            f"`{result.change.header.name}:{result.change.line}`",
            result.change.what,
            result.change.to,
            result.verdict,
            result.caught_by or result.change.reason,
        ]
        for result in results
    ]
    heads = ["header", "order", "weakened to", "verdict", "by, or why not"]
    lines = [
        "# What each weaker memory order breaks",
        "",
        f"Made by `./scripts/weaken_orders --out FILE` on commit {_commit(root)}.",
        *_summary(results, headers),
        "",
        *markdown(heads, [[*map(_escaped, row)] for row in rows], right=()),
    ]
    return "\n".join(lines) + "\n"


def weaken(root: Path, headers: Sequence[Header], out: Path | None) -> int:
    """Exit status 0 if every weakening is caught or reasoned."""
    stray = [problem for header in headers for problem in stray_reasons(header)]
    if stray:
        raise InputError("\n".join(stray))
    weakenable = [each for each in headers if any(ladders_of(each)) or any(structural_of(each))]
    results: list[Result] = []
    with Models(root) as models:
        _check_unchanged(models, weakenable)
        for header in weakenable:
            for result in results_of(models, header):
                _print(result)
                results.append(result)
    print(*_summary(results, headers), sep="\n")
    if out is not None:
        replace_text(out, _table(root, results, headers))
    bad = [result for result in results if not result.is_good]
    for result in bad:
        print(
            f"{result.change.header.name}:{result.change.line}: {result.change.what} -> "
            f"{result.change.to}: {result.verdict}",
            file=sys.stderr,
        )
    return 1 if bad else 0
