"""Repeated styles become classes, and nothing else of a page changes."""

from __future__ import annotations

from limiterbench.report.styles import share


def test_a_repeated_style_becomes_a_class() -> None:
    body = '<g style="fill:red" id="a"/><g id="b" style="fill:red"></g>'
    shared, rules = share(body)
    assert shared == '<g class="s0" id="a"/><g id="b" class="s0"></g>'
    assert rules == ".s0 { fill:red }\n"


def test_an_element_keeps_the_classes_that_it_has() -> None:
    shared, _ = share('<g class="r1 hit" style="x:1"/><g style="x:1"/>')
    assert shared == '<g class="r1 hit s0"/><g class="s0"/>'


def test_a_style_that_stands_once_stays() -> None:
    body = '<p>style="x" said a row</p><g style="x:1"/>'
    assert share(body) == (body, "")


def test_the_most_frequent_style_has_the_shortest_name() -> None:
    body = '<g style="b"/><g style="b"/><g style="a"/><g style="a"/><g style="a"/>'
    assert share(body)[1] == ".s0 { a }\n.s1 { b }\n"
