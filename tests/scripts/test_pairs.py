from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from conftest import ROOT
from order_pairs import problems

RELEASE = "// ({}) release: {}\na.store(1, sync::release);\n"
ACQUIRE = "// ({}) acquire: {}\na.load(sync::acquire);\n"
SEQ_CST = "// ({}) seq_cst: {}\na.load(sync::seq_cst);\n"
GOOD = RELEASE.format(1, "pairs with (2).") + ACQUIRE.format(2, "pairs with (1).")


def check(folder: Path, **files: str) -> List[str]:
    for name, text in files.items():
        (folder / f"{name}.hpp").write_text(text)
    return problems(folder)


def test_every_order_of_the_headers_is_numbered_and_cited_back() -> None:
    assert problems(ROOT / "impls") == []


@pytest.mark.parametrize(
    "good",
    [
        GOOD,
        GOOD + "// relaxed: (1) orders it, as membarrier(2) would; IEEE 15(6).\n",
        GOOD + ACQUIRE.format(3, "pairs with what the kernel does."),
        SEQ_CST.format(1, "ordered before (2).") + SEQ_CST.format(2, "ordered after (1)."),
        "// Why. All of (1) and (2).\n"
        + SEQ_CST.format(1, 'see "Why".')
        + SEQ_CST.format(2, 'see "Why".'),
        "// (1) acq_rel: pairs with itself: so.\na.exchange(1, sync::acq_rel);\n",
        RELEASE.format(1, "pairs with (2), (3) and with (4).")
        + "".join(ACQUIRE.format(n, "pairs with (1).") for n in (2, 3, 4)),
    ],
)
def test_what_is_right_passes(tmp_path: Path, good: str) -> None:
    assert check(tmp_path, a=good) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("a.load(sync::acquire);\n", "acquire has no number"),
        (GOOD.replace("(2) acquire", "(2) release"), "is called release and is acquire"),
        (RELEASE.format(1, "pairs with (2)."), "there is no (2)"),
        (GOOD.replace("pairs with (1)", "pairs with itself"), "does not cite (1) back"),
        (GOOD + ACQUIRE.format(3, "pairs with (1)."), "does not cite (3) back"),
        (GOOD + GOOD, "the number of another order"),
        (GOOD + ACQUIRE.format(3, "as (2)."), "says of no order that it pairs"),
        (GOOD + "x = 1;  // relaxed: (7) orders it\n", "there is no (7)"),
        (GOOD + "// relaxed: after (1) in b.hpp.\n", "there is no"),
        (
            RELEASE.format(1, "pairs with (2).") + RELEASE.format(2, "pairs with (1)."),
            "release (1) pairs with release",
        ),
        (
            SEQ_CST.format(1, "ordered before (2).") + SEQ_CST.format(2, "ordered before (1)."),
            "does not cite (1) back",
        ),
        (SEQ_CST.format(1, 'see "Why".'), 'there is no "Why"'),
        ("// Why. Of (2).\n\n" + SEQ_CST.format(1, 'see "Why".'), "does not name (1)"),
        (
            "// (1) acquire: pairs with (2). (2) release: pairs with (1).\n"
            "a.load(sync::acquire);\n",
            "2 numbers",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, wrong: str, problem: str) -> None:
    assert any(problem in found for found in check(tmp_path, a=wrong, b="")), problem


def test_pairs_across_files(tmp_path: Path) -> None:
    release = RELEASE.format(1, "pairs with (2) in b.hpp.")
    acquire = ACQUIRE.format(2, "pairs with (1) in a.hpp and (3).")
    own = RELEASE.format(3, "pairs with (2).")
    assert check(tmp_path, a=release, b=acquire + own) == []
    uncited = acquire.replace("(1) in a.hpp and ", "")
    assert check(tmp_path, a=release, b=uncited + own) == [
        "a.hpp:2: (2) in b.hpp does not cite (1) back"
    ]
    assert "a.hpp:2: there is no c.hpp" in check(tmp_path, a=release.replace("b.hpp", "c.hpp"))
