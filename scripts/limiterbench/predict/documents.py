"""The generated blocks about predictions: docs/prediction.md and the stored page."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List

from limiterbench.common.files import replace_blocks, replace_text
from limiterbench.predict import page
from limiterbench.predict import validation_page as validations
from limiterbench.predict.answers import HEADLINE
from limiterbench.predict.validate import FILE, folder_of

Blocks = Dict[str, str]


def _text(lines: List[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _of_docs(root: Path) -> Blocks:
    validation = validations.read_validation(root)
    return {
        "errors": _text(validations.summary(validation)),
        "wrong": _text(validations.wrong(validation)),
    }


def _of_page(root: Path) -> Blocks:
    validation = validations.read_validation(root)
    answers: List[str] = []
    for prediction in page.stored(root):
        scene = prediction.scenes[HEADLINE]
        answers += [f"### {prediction.name}", "", *page.answer(prediction), ""]
        answers += [*page.ranking(prediction), ""]
        answers += [page.chart(prediction, folder_of(root), f"scaling_{HEADLINE}"), ""]
        answers += [" ".join(scene.caption), ""]
    return {
        "answers": _text(answers),
        "errors": _text(validations.summary(validation)),
        "published": _text(validations.published(validation)),
        "own_host": _text(validations.own_host(validation)),
        "sensitivity": _text(validations.sensitivity(validation)),
    }


def rendered(root: Path) -> Dict[Path, str]:
    """Each document as the stored predictions make it. None where no prediction is stored."""
    folder = folder_of(root)
    if not (folder / FILE).is_file() or not page.stored(root):
        return {}
    documents = {
        root / "docs" / "prediction.md": _of_docs(root),
        folder / "README.md": _of_page(root),
    }
    return {
        path: replace_blocks(path.read_text(encoding="utf-8"), path.name, blocks)
        for path, blocks in documents.items()
    }


def update(root: Path) -> List[Path]:
    documents = rendered(root)
    for path, text in documents.items():
        replace_text(path, text)
    return list(documents)
