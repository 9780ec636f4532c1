"""`report.html`: one page that holds all it shows and asks no network for anything."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, NamedTuple, Sequence
from zlib import crc32

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from limiterbench.common import units
from limiterbench.records.finding import FAIL, worst_first
from limiterbench.records.manifest import COMPLETE
from limiterbench.report.answer import answer
from limiterbench.report.at_load import at_load
from limiterbench.report.gallery import Gallery, Table
from limiterbench.report.method import facts, method
from limiterbench.report.sides import sides
from limiterbench.report.stored import StoredRun
from limiterbench.report.table import AT_FLOOR, titled

_PACKAGE = Path(__file__).parents[1]
_TITLES = {
    "answer": "Answer",
    "at-load": "At your load",
    "sides": "Side by side",
    "tables": "Tables",
    "charts": "Charts",
    "method": "Method",
    "simulated": "Simulated",
}
# What a brief page says of how it was measured.
_BRIEF = ("host", "topology", "measured", "build", "plan")


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
    body = fill(
        "report/templates/sections.html.jinja",
        **_common(runs, gallery),
        runs=runs,
        at_load=next(filter(None, map(at_load, runs)), None),
        sides=sides(runs),
        floor=AT_FLOOR,
        scenes=gallery.scenes(),
        methods=[method(run) for run in runs],
        appendix=appendix.section(page) if appendix else "",
    )
    js = _asset("page.js") + _asset("at_load.js")
    return _page(runs, body, _asset("page.css") + (appendix.css if appendix else ""), js)


def render_brief(runs: Sequence[StoredRun], page: Path) -> str:
    """To be mailed, and printed on two pages."""
    known = [(name, value) for run in runs for name, value in facts(run) if name in _BRIEF]
    common = _common(runs, Gallery(runs, page))
    body = fill("report/templates/brief.html.jinja", **common, facts=known)
    return _page(runs, body, _asset("page.css"), "")


def _common(runs: Sequence[StoredRun], gallery: Gallery) -> dict[str, Any]:
    several = len(runs) > 1
    return {
        "several": several,
        "answers": [(run, answer(run), notices(run)) for run in runs],
        "first": gallery.first(),
        "tables": [
            (f"{run.name}: {title}" if several else title, Table(found.rows[0], found.rows[1:]))
            for run in runs
            for title, found in titled(run.manifest, run.groups)
        ],
    }


def _page(runs: Sequence[StoredRun], body: str, css: str, js: str) -> str:
    main, rules = share(body)
    return fill(
        "report/templates/page.html.jinja",
        names=" and ".join(run.name for run in runs),
        css=Markup(rules + css),
        js=Markup(js),
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


def notices(run: StoredRun) -> list[str]:
    """What a reader must know before believing any of it."""
    lines = list(run.missing)
    if run.failed:
        failed = units.count(len(run.failed), "repetition")
        lines.append(f"{failed} failed and are left out.")
    if run.manifest.status not in (COMPLETE, "failed", "interrupted"):
        lines.append(f"The run's status is {run.manifest.status}.")
    fails = [f for f in worst_first(run.manifest.doctor) if f.status == FAIL]
    lines += [f"The doctor says FAIL, {finding.check}: {finding.seen}" for finding in fails]
    if run.manifest.host.get("virtualised"):
        lines.append("This is a virtual machine: its host may take CPUs away unseen.")
    return lines


_TAG = re.compile(r"<\w+[^<>]* style=\"[^\"]*\"[^<>]*>")
_STYLE = re.compile(r" style=\"([^\"]*)\"")
_CLASS = re.compile(r" class=\"([^\"]*)\"")


def share(body: str) -> tuple[str, str]:
    """The body with classes in place of styles, and the rules of those classes."""
    styles = {_name(style): style for style in sorted(set(_STYLE.findall(body)))}
    names = {style: name for name, style in styles.items()}
    shared = _TAG.sub(lambda found: _with_class(found[0], names), body)
    rules = [f".{name} {{ {style} }}\n" for name, style in styles.items()]
    return shared, "".join(rules)


def _name(style: str) -> str:
    """The same whatever else a page holds. One of two styles that share a name stays as it is."""
    return f"s{crc32(style.encode()):x}"


def _with_class(opening: str, names: dict[str, str]) -> str:
    style = _STYLE.search(opening)
    name = names.get(style[1]) if style else None
    if style is None or name is None:
        return opening
    rest = opening[: style.start()] + opening[style.end() :]
    if _CLASS.search(rest):
        return _CLASS.sub(rf' class="\1 {name}"', rest, count=1)
    return opening[: style.start()] + f' class="{name}"' + opening[style.end() :]
