"""`readme`: a stored run's chart, table and designs, written into README.md."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from limiterbench.cli.parsing import Parser, prepare, root


def parser() -> Parser:
    flags = Parser("readme", "Write a run into README.md.")
    flags.add_argument("dir", metavar="DIR", type=Path, help="a run's folder")
    return flags


def main(options: Namespace) -> int:
    prepare(options, "plot")
    from limiterbench.common.files import display, replace_blocks, replace_text
    from limiterbench.maintain import readme
    from limiterbench.predict import documents

    made = {**readme.blocks(root(), options.dir), **documents.blocks(root())}
    texts = {
        path: replace_blocks(path.read_text(encoding="utf-8"), display(path), blocks)
        for path, blocks in made.items()
    }
    for path, text in texts.items():
        replace_text(path, text)
        print(display(path))
    return 0
