"""Styles of a page become classes, and nothing else of it changes."""

from __future__ import annotations

from limiterbench.report.page import share


def test_a_style_becomes_a_class() -> None:
    body = '<g style="fill:red" id="a"/><g id="b" style="fill:red"></g>'
    shared, rules = share(body)
    name = rules.split()[0][1:]
    assert shared == f'<g class="{name}" id="a"/><g id="b" class="{name}"></g>'
    assert rules == f".{name} {{ fill:red }}\n"


def test_an_element_keeps_the_classes_that_it_has() -> None:
    shared, rules = share('<g class="r1 hit" style="x:1"/>')
    assert shared == f'<g class="r1 hit {rules.split()[0][1:]}"/>'


def test_words_that_look_like_a_style_stay() -> None:
    body = '<p>style="x" said a row</p>'
    assert share(body)[0] == body


def test_a_style_has_the_same_name_whatever_stands_beside_it() -> None:
    alone, rule = share('<g style="a:1"/>')
    beside, rules = share('<g style="b:2"/><g style="a:1"/><g style="b:2"/>')
    assert alone in beside and rule in rules
    assert rules.count("\n") == 2
