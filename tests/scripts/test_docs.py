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


def test_files_that_the_pages_name_exist() -> None:
    folders = "impls|benchmarks|cmake|scripts|tests|docs"
    named = {
        name
        for page in PAGES
        for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", page.read_text("utf-8"))
    }
    assert len(named) > 20
    missing = {name for name in named if not (ROOT / name).exists()}
    # The pages on extending add these.
    assert missing == {
        "impls/peers/tbb_spin_rw_mutex.hpp",
        "impls/rows/seqlock_leased.hpp",
        "scripts/limiterbench/charts/interval.py",
    }


def test_the_page_on_using_a_row_shows_the_service_as_it_is() -> None:
    service = (ROOT / "docs" / "example" / "service.cpp").read_text(encoding="utf-8")
    shown = blocks(ROOT / "docs" / "use-a-row.md", "cpp")
    assert len(shown) >= 4
    assert [block for block in shown if block not in service] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_design_is_explained() -> None:
    registry = (ROOT / "impls" / "registry.hpp").read_text(encoding="utf-8")
    (listed,) = re.findall(r"using Rows = TypeList<\n(.*?)>;", registry, re.DOTALL)
    names = re.findall(r"^[ ,]+(\w+),?$", listed, re.MULTILINE)
    text = (ROOT / "docs" / "designs.md").read_text(encoding="utf-8")
    explained = re.split(r"^- \*\*`(\w+)`\*\*: ", text, flags=re.MULTILINE)[1:]
    assert len(names) > 20
    assert sorted(explained[::2]) == sorted(names)
    lines = zip(explained[::2], explained[1::2])
    assert [name for name, line in lines if "Use " not in line.replace("\n", " ")] == ["unlimited"]


def named_in_table(head: str) -> List[str]:
    """The first column of the table of docs/read-the-charts.md that begins with `head`."""
    text = (ROOT / "docs" / "read-the-charts.md").read_text(encoding="utf-8")
    table = text.split(f"| {head} |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_every_scenario_is_explained() -> None:
    (source,) = ROOT.glob("benchmarks/**/scenario*.cpp")
    names = re.findall(r'(?:Scenario\{|\.name = )"(\w+)"', source.read_text(encoding="utf-8"))
    assert len(names) > 5
    assert named_in_table("scenario") == names


def test_every_kind_of_chart_is_explained() -> None:
    explained = [re.sub("_SCENARIO|_open_loop", "", name) for name in named_in_table("chart")]
    assert sorted(explained) == sorted(KINDS)


GENERATED = re.compile(r"<!-- generated: (\w+) -->.*?<!-- /generated: \1 -->", re.DOTALL)
MEASUREMENT = re.compile(
    r"\d[\d.,]* ?(?:[nµm]s|[MGk]|GiB|MiB|x|times|-?fold|%|percent|(?:decisions|operations)/s)(?!\w)"
)
# What is chosen, not measured: the scenarios' parameters and what follows from a definition.
CHOSEN = {
    "README.md": {"99 %", "1 ms"},
    "designs.md": set(),
    "records.md": {"1.6 %", "1ms"},
    "limits.md": {"10 µs"},
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
