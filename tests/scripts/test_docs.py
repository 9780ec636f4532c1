"""The guide pages: their links lead somewhere, and what they show is what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List

import pytest
from conftest import ROOT

from limiterbench.charts.catalogue import KINDS

PAGES = sorted(
    [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("results/**/README.md")],
    key=str,
)


def blocks(page: Path, language: str) -> List[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith("https://")]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [f"docs/{path.name}" for path in ROOT.glob("docs/*.md")]
    assert len(pages) >= 7
    assert [page for page in pages if f"({page})" not in text] == []


def test_scripts_that_the_pages_name_exist() -> None:
    named = {
        name for page in PAGES for name in re.findall(r"\./scripts/(\w+)", page.read_text("utf-8"))
    }
    assert "run" in named
    assert [name for name in sorted(named) if not (ROOT / "scripts" / name).exists()] == []


def test_the_page_on_using_a_row_shows_the_service_as_it_is() -> None:
    service = (ROOT / "docs" / "example" / "service.cpp").read_text(encoding="utf-8")
    shown = blocks(ROOT / "docs" / "use-a-row.md", "cpp")
    assert len(shown) >= 4
    assert [block for block in shown if block not in service] == []


def test_every_kind_of_chart_is_explained() -> None:
    text = (ROOT / "docs" / "read-the-charts.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(\w+?)(?:_SCENARIO|_open_loop)?` \|", text, re.MULTILINE)
    assert sorted(explained) == sorted(KINDS)


GENERATED = re.compile(r"<!-- generated: (\w+) -->.*?<!-- /generated: \1 -->", re.DOTALL)
MEASUREMENT = re.compile(
    r"\d[\d.,]* ?(?:[nµm]s|[MGk]|GiB|MiB|x|times|-?fold|%|percent|(?:decisions|operations)/s)(?!\w)"
)
# What is chosen, not measured: the scenarios' parameters and what follows from a definition.
CHOSEN = {
    "README.md": {"99 %", "95 %", "100 %", "1 µs"},
    "records.md": {"1.6 %"},
    "limits.md": set(),
    "read-the-charts.md": {"99 %"},
}


def prose(page: Path) -> str:
    text = GENERATED.sub("", page.read_text(encoding="utf-8"))
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_what_was_measured_stands_in_generated_blocks_only(name: str) -> None:
    page = ROOT / name if name == "README.md" else ROOT / "docs" / name
    assert set(MEASUREMENT.findall(prose(page))) == CHOSEN[name]


@pytest.mark.parametrize(
    "text", ["31x more", "p99 of 300 ns", "1.48 G a second", "20 M", "40-fold"]
)
def test_a_number_in_prose_is_noticed(text: str) -> None:
    assert MEASUREMENT.search(text)
