"""`report.html`: one page that holds all it shows and asks no network for anything."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, NamedTuple, Sequence

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from limiterbench.common import units
from limiterbench.records.finding import FAIL, worst_first
from limiterbench.records.manifest import COMPLETE
from limiterbench.report.answer import answer
from limiterbench.report.chooser import chooser
from limiterbench.report.gallery import Gallery
from limiterbench.report.method import method
from limiterbench.report.ratios import ratios, sides
from limiterbench.report.stored import StoredRun
from limiterbench.report.styles import share
from limiterbench.stats.ratios import BASELINE, KNOWN_CASE

_PACKAGE = Path(__file__).parents[1]
_TITLES = {
    "answer": "Answer",
    "sides": "Side by side",
    "choose": "Choose",
    "ratios": "Ratios and scaling",
    "charts": "Charts",
    "method": "Method",
    "simulated": "Simulated",
}


class Appendix(NamedTuple):
    """A section at the end that is about no run."""

    section: Callable[[Path], Markup]
    """For the page that will hold it, which its links start from."""
    css: str


@lru_cache
def _templates() -> Environment:
    # Names of designs and hosts are data: what was not made by a template is escaped.
    return Environment(
        loader=FileSystemLoader(_PACKAGE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def fill(template: str, **values: Any) -> Markup:
    """`template`: its path in the package, as in a template's own imports."""
    return Markup(_templates().get_template(template).render(values))


def render(runs: Sequence[StoredRun], page: Path, appendix: Appendix | None = None) -> str:
    """The same bytes for the same runs, whenever it is called. `page`: the file it is for."""
    gallery = Gallery(runs, page)
    several = len(runs) > 1
    body = fill(
        "report/templates/sections.html.jinja",
        runs=runs,
        several=several,
        titles=_TITLES,
        gallery=gallery,
        answers=[(run, answer(run), _notices(run)) for run in runs],
        sides=sides(runs),
        chooser=chooser(runs),
        ratios=[found for run in runs for found in [ratios(run, several)] if found],
        baseline=BASELINE,
        known_case=KNOWN_CASE,
        scenes=gallery.scenes(),
        methods=[method(run) for run in runs],
        appendix=appendix.section(page) if appendix else "",
    )
    main, rules = share(body)
    return fill(
        "report/templates/page.html.jinja",
        names=" and ".join(run.name for run in runs),
        css=Markup(rules + _asset("page.css") + (appendix.css if appendix else "")),
        js=Markup(_asset("page.js") + _asset("chooser.js")),
        abouts=[_about(run) for run in runs],
        links={key: title for key, title in _TITLES.items() if f'<section id="{key}">' in main},
        main=Markup(main),
    )


def _asset(name: str) -> str:
    return (_PACKAGE / "report" / name).read_text(encoding="utf-8")


def _about(run: StoredRun) -> str:
    host = run.manifest.host
    parts = [
        run.manifest.hostname,
        str(host.get("cpu_model") or ""),
        units.count(run.manifest.topology.cpus, "CPU"),
        f"measured {run.manifest.started_utc[:10]}",
        f"build {run.commit}",
    ]
    return f"{run.name}: " + ", ".join(part for part in parts if part)


def _notices(run: StoredRun) -> list[str]:
    """What a reader must know before believing any of it."""
    lines = list(run.missing)
    if run.failed:
        failed = units.count(len(run.failed), "repetition")
        lines.append(f"{failed} failed and are left out; they are named below.")
    if run.manifest.status not in (COMPLETE, "failed", "interrupted"):
        lines.append(f"The run's status is {run.manifest.status}.")
    fails = [f for f in worst_first(run.manifest.doctor) if f.status == FAIL]
    lines += [f"The doctor says FAIL, {finding.check}: {finding.seen}" for finding in fails]
    if run.manifest.host.get("virtualised"):
        lines.append("This is a virtual machine: its host may take CPUs away unseen.")
    return lines
