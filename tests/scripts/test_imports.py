"""What may import what: data flows one way, from the headers to the pages."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Dict, List, Set

import pytest
from conftest import ROOT

PACKAGE = ROOT / "scripts" / "limiterbench"
# Each may import itself and what stands before it.
FOLDERS = ("common", "records", "doctor", "stats", "charts", "report", "run", "maintain", "predict")
# Only the command line imports these two.
ON_TOP = ("maintain", "predict")
Graph = Dict[str, Set[str]]


def python_imports(package: Path) -> Graph:
    """Modules by their dotted names below the package, imports inside functions included."""
    files = {
        ".".join(path.relative_to(package).with_suffix("").parts): path
        for path in package.rglob("*.py")
    }
    graph: Graph = {}
    for module, path in files.items():
        graph[module] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                top, _, inside = node.module.partition(".")
                if top != package.name:
                    continue
                for name in (alias.name for alias in node.names):
                    full = f"{inside}.{name}" if inside else name
                    graph[module].add(full if full in files else inside)
    return graph


def includes(*folders: str) -> Graph:
    """Files by their paths below the root, each with the files that its #include "…" find."""
    graph: Graph = {}
    for folder in folders:
        for path in (ROOT / folder).rglob("*.[ch]pp"):
            found = re.findall(r'^\s*#\s*include "([^"]+)"', path.read_text("utf-8"), re.MULTILINE)
            # Beside the file first, then as from a folder of the include path.
            places = [path.parent, ROOT / "impls", ROOT / "benchmarks"]
            graph[str(path.relative_to(ROOT))] = {
                str(target.relative_to(ROOT))
                for name in found
                for target in [place / name for place in places]
                if target.resolve().is_file()
                for target in [target.resolve()]
            }
    return graph


def cycles(graph: Graph) -> List[str]:
    """Where a walk comes back to what it has not yet left."""
    found: List[str] = []
    done: Set[str] = set()

    def walk(node: str, way: List[str]) -> None:
        if node in way:
            found.append(" -> ".join([*way[way.index(node) :], node]))
        elif node not in done:
            for following in sorted(graph.get(node, ())):
                walk(following, [*way, node])
            done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return found


def upward(graph: Graph) -> List[str]:
    """What a folder imports from a folder that stands after it."""
    found = []
    for module, imported in graph.items():
        folder = module.partition(".")[0]
        for other in (name.partition(".")[0] for name in imported):
            if folder not in FOLDERS or folder == other:
                continue
            is_below = other in FOLDERS and FOLDERS.index(other) < FOLDERS.index(folder)
            if not is_below or other in ON_TOP:
                found.append(f"{module} imports {other}")
    return found


def test_every_python_module_has_its_place() -> None:
    places = {module.partition(".")[0] for module in python_imports(PACKAGE)}
    assert places - {"cli", "__init__", "__main__"} == set(FOLDERS)


def test_python_imports_go_one_way() -> None:
    graph = python_imports(PACKAGE)
    assert sum(map(len, graph.values())) > 300
    assert upward(graph) == []
    assert cycles(graph) == []


def test_includes_have_no_cycle_and_the_headers_know_no_benchmark() -> None:
    graph = includes("impls", "benchmarks")
    assert sum(map(len, graph.values())) > 300
    assert cycles(graph) == []
    from_headers = {name: to for name, to in graph.items() if name.startswith("impls/")}
    strangers = {other for to in from_headers.values() for other in to if "benchmarks/" in other}
    assert strangers == set()


@pytest.mark.parametrize(
    "graph, said",
    [
        ({"stats.a": {"run.b"}}, ["stats.a imports run"]),
        ({"predict.a": {"maintain.b"}}, ["predict.a imports maintain"]),
        ({"run.a": {"stray"}}, ["run.a imports stray"]),
        ({"run.a": {"run.b", "common.c"}, "cli": {"predict.d"}}, []),
    ],
)
def test_an_import_upward_is_seen(graph: Graph, said: List[str]) -> None:
    assert upward(graph) == said


def test_a_cycle_is_seen() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b -> c -> b"]
