"""What the stored predictions and their validation say, as Markdown: the generated blocks of
docs/prediction.md and of the page beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Sequence

from limiterbench.common import units
from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.common.text_table import markdown
from limiterbench.predict.answers import (
    CLAIM_HEADS,
    HEADLINE,
    HEADS,
    Prediction,
    answer_of,
    places_of,
    read_prediction,
    span,
)
from limiterbench.predict.points import Band
from limiterbench.predict.validate import FILE, SENSITIVE_HOST, folder_of
from limiterbench.records import run_folder

# As validate.py stores it.
Values = dict[str, Any]


def stored(root: Path) -> list[Prediction]:
    """The one that the figures are tried on comes first."""
    folder = folder_of(root)
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [read_prediction(path) for path in paths if run_folder.is_run(path)]
    return sorted(found, key=lambda p: (p.folder.name != SENSITIVE_HOST, p.folder.name))


def answer(prediction: Prediction) -> list[str]:
    """The questions, answered in bands."""
    found = answer_of(prediction)
    lines = [f"**{found.about}.** {found.scales} {found.load}", ""]
    if found.rows:
        lines += markdown(HEADS, found.rows)
    if found.claim:
        lines += ["", found.claim, "", *markdown(CLAIM_HEADS, found.claimed, left=0)]
    return lines


def _ranking(prediction: Prediction) -> list[str]:
    threads = units.count(prediction.headline.threads, "thread")
    return [f"Places by throughput with {threads}:", "", *markdown(*places_of(prediction))]


def _chart(prediction: Prediction, base: Path) -> str:
    path = prediction.folder / run_folder.FIGURES / f"scaling_{HEADLINE}.svg"
    return f"![SIMULATED: scaling {HEADLINE}, {prediction.name}]({path.relative_to(base)})"


def read_validation(root: Path) -> Values:
    path = folder_of(root) / FILE
    try:
        values: Values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{display(path)}: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{display(path)}: {error}") from None
    return values


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _off(error: float) -> str:
    return f"{100 * error:+.0f} %"


def _curve(curve: Values) -> str:
    return f"`{curve['reference']}` on `{curve['host']}`"


def _errors(validation: Values) -> list[str]:
    """How far off the model was, wherever that is known: a line each."""
    rows = []
    for curve in validation["published"]:
        shares = curve["mean_error"].values()
        rows.append(
            [
                f"{_curve(curve)}, from {curve['from_threads']} threads up, mean over the points",
                "alpha" if curve["fitted"] else "nothing",
                span(Band(min(shares), max(shares)), _percent),
            ]
        )
    own = validation["own_host"]
    for scenario, error in own["median_error"].items():
        what = f"designs of `{own['run']}`, {scenario}, all threads, median over the designs"
        rows.append([what, "1 thread, and one contended word", _percent(error)])
    return markdown(["held against", "fitted on it", "error of the model"], rows, left=2)


def _published(validation: Values) -> list[str]:
    lines: list[str] = []
    for curve in validation["published"]:
        errors = curve["mean_error"]
        rows = []
        for point in curve["points"]:
            measured, model = point["measured_ns"], point["model_ns"]
            cells = [f"{model[name]:.1f} ({_off(model[name] / measured - 1)})" for name in errors]
            rows.append([str(point["threads"]), f"{measured:.1f}", *cells])
        about = f"mean error from {curve['from_threads']} up"
        rows.append([about, "", *map(_percent, errors.values())])
        lines += [
            f"**{_curve(curve)}**, ns an operation of all threads. Measured: {curve['source']}.",
            "",
            *markdown(["threads", "measured", *errors], rows, left=0),
            "",
        ]
    return lines


def _own_host(validation: Values) -> list[str]:
    own = validation["own_host"]
    figures = own["figures"]
    rows = [
        [
            f"`{row['row']}`",
            row["scenario"],
            str(row["threads"]),
            f"{row['measured_ns']:.1f}",
            f"{row['model_ns']:.1f}",
            _off(row["error"]),
        ]
        for row in own["rows"]
    ]
    heads = ["design", "scenario", "threads", "measured, ns", "model, ns", "error"]
    return [
        f"{own['name']}: `{own['run']}`; rmw {figures['rmw_ns']:.2f} ns, transfer "
        f"{json.dumps(figures['transfer_ns'])} ns, alpha {figures['alpha']:g}, fitted.",
        "",
        *markdown(heads, rows, left=2),
    ]


def _marks(rows: Sequence[str]) -> str:
    return ", ".join(f"`{row}`" for row in rows) or "none"


def _wrong(validation: Values) -> list[str]:
    """The designs with an error above their own cost, and those without time for instructions."""
    own = validation["own_host"]
    lines = [f"- on this project's own host (`{own['run']}`), an error over 100 %:"]
    for scenario in own["median_error"]:
        at = [row for row in own["rows"] if row["scenario"] == scenario]
        lines.append(f"  in `{scenario}` {_marks([r['row'] for r in at if r['error'] > 1])};")
    free = [row for row, ns in own["figures"]["instructions_ns"].items() if ns == 0]
    lines.append(f"- designs with `instructions_ns` 0 there, from 1 thread on: {_marks(free)}.")
    return lines


def _sensitivity(validation: Values) -> list[str]:
    lines: list[str] = []
    for tried in validation["sensitivity"]:
        heads = ["figure", "off by", "orders that change", "of them reversed", "which"]
        rows = []
        for off in tried["tried"]:
            which = ", ".join("/".join(change["pair"]) for change in off["changes"]) or "-"
            reverses = sum(change["reverses"] for change in off["changes"])
            numbers = [f"{off['factor']:g}", str(len(off["changes"])), str(reverses)]
            rows.append([off["figure"], *numbers, which])
        lines += [
            f"`{tried['host']}`, {tried['scenario']}, {units.count(tried['threads'], 'thread')}: "
            f"of {tried['pairs']} pairs of designs, {tried['decided']} are decided by throughput. "
            "With one figure off by a factor:",
            "",
            *markdown(heads, rows, right=(1, 2, 3)),
            "",
        ]
    return lines


def _answers(root: Path) -> list[str]:
    lines: list[str] = []
    for prediction in stored(root):
        lines += [f"### {prediction.name}", "", *answer(prediction), ""]
        lines += [*_ranking(prediction), "", _chart(prediction, folder_of(root)), ""]
        lines += [" ".join(prediction.scenes[HEADLINE].caption), ""]
    return lines


def blocks(root: Path) -> dict[Path, dict[str, str]]:
    """As maintain.readme.blocks(). None where no prediction is stored."""
    folder = folder_of(root)
    if not (folder / FILE).is_file() or not stored(root):
        return {}
    validation = read_validation(root)
    try:
        errors = _text(_errors(validation))
        return {
            root / "docs" / "prediction.md": {"errors": errors, "wrong": _text(_wrong(validation))},
            folder
            / "README.md": {
                "answers": _text(_answers(root)),
                "errors": errors,
                "published": _text(_published(validation)),
                "own_host": _text(_own_host(validation)),
                "sensitivity": _text(_sensitivity(validation)),
            },
        }
    except (KeyError, TypeError) as error:
        raise InputError(f"{display(folder / FILE)}: not a validation: {error}") from None


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"
