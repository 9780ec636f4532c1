"""`report.html`: one page that holds all it shows and asks no network for anything."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from string import Template
from typing import Callable, List, NamedTuple, Optional, Sequence

from limiterbench.common import units
from limiterbench.records.finding import FAIL, worst_first
from limiterbench.records.manifest import COMPLETE
from limiterbench.report import chooser, method, ratios, side_by_side
from limiterbench.report.answer import answer
from limiterbench.report.claims import Claim, Code, Number, Part
from limiterbench.report.gallery import Gallery
from limiterbench.report.html import Html, join, tag
from limiterbench.report.stored import StoredRun
from limiterbench.report.styles import share


class Appendix(NamedTuple):
    """A section at the end that is about no run."""

    section: Callable[[Path], Html]
    """For the page that will hold it, which its links start from."""
    css: str


def render(runs: Sequence[StoredRun], page: Path, appendix: Optional[Appendix] = None) -> str:
    """The same bytes for the same runs, whenever it is called. `page`: the file it is for."""
    gallery = Gallery(runs, page)
    names = " and ".join(run.name for run in runs)
    sections = [
        _answers(runs, gallery),
        side_by_side.section(runs),
        chooser.section(runs),
        ratios.section(runs),
        gallery.section(),
        method.section(runs),
    ]
    if appendix is not None:
        sections.append(appendix.section(page))
    main, rules = share("\n".join(part for part in sections if part))
    return Template(_asset("page.html")).substitute(
        title=tag("title", f"limiterbench: {names}")[len("<title>") : -len("</title>")],
        css=rules + _asset("page.css") + (appendix.css if appendix is not None else ""),
        js=_asset("page.js") + _asset("chooser.js"),
        header=_header(runs),
        links=_links(sections),
        main=main,
        footer=tag(
            "p", "Made from the records by ./scripts/report; nothing here was measured anew."
        ),
    )


def _asset(name: str) -> str:
    return resources.files("limiterbench.report").joinpath(name).read_text(encoding="utf-8")


def _header(runs: Sequence[StoredRun]) -> Html:
    lines = [tag("p", _about(run), class_="host") for run in runs]
    return join([tag("h1", "Which rate limiter on this host?"), *lines], "\n")


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


_TITLES = {
    "answer": "Answer",
    "sides": "Side by side",
    "choose": "Choose",
    "ratios": "Ratios and scaling",
    "charts": "Charts",
    "method": "Method",
    "simulated": "Simulated",
}


def _links(sections: Sequence[Html]) -> Html:
    there = [key for key in _TITLES if any(f'id="{key}"' in part for part in sections)]
    return join([tag("a", _TITLES[key], href=f"#{key}") for key in there])


def _answers(runs: Sequence[StoredRun], gallery: Gallery) -> Html:
    parts = [_answer(run, gallery, len(runs) > 1) for run in runs]
    return tag("section", tag("h2", "The answer"), tag("div", parts, class_="runs"), id="answer")


def _answer(run: StoredRun, gallery: Gallery, named: bool) -> Html:
    heading = tag("h3", run.name) if named else Html("")
    claims = [tag("li", _claim(claim, gallery)) for claim in answer(run)]
    listed = tag("ul", claims, class_="claims") if claims else Html("")
    return tag("div", heading, listed, _notice(run))


def _claim(claim: Claim, gallery: Gallery) -> List[str]:
    parts: List[str] = [_part(part) for part in claim.parts]
    if claim.section:
        parts += [" ", tag("a", _TITLES[claim.section].lower(), href=f"#{claim.section}")]
    place = gallery.place_of(*claim.chart) if claim.chart else None
    if place:
        parts += [" ", tag("a", "chart", href=f"#{place}")]
    return parts


def _part(part: Part) -> Html:
    if isinstance(part, Code):
        return tag("code", part.text)
    if isinstance(part, Number):
        return tag("data", part.text, title=part.source)
    return join([part])


def _notice(run: StoredRun) -> Html:
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
    if not lines:
        return Html("")
    return tag("div", tag("ul", [tag("li", line) for line in lines]), class_="notice")
