"""`report`: what stored runs found, as a page, in the terminal or as a table for programs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from limiterbench.cli.parsing import Parser, prepare
from limiterbench.common.errors import InputError, nearest

_ABOUT = """\
Writes what a run found into one page, DIR/report.html. Several runs are shown
side by side, in comparison.html of the first DIR."""
_SUMMARIES = ("csv", "json", "parquet")
_FORMATS = ("html", "text", "markdown", *_SUMMARIES)


def parser() -> Parser:
    flags = Parser("report", _ABOUT)
    flags.add_argument("dirs", metavar="DIR", type=Path, nargs="+", help="a run's folder")
    flags.add_argument(
        "--prediction",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="a folder of ./scripts/predict, shown apart at the end; may be given again",
    )
    flags.add_argument(
        "--brief", action="store_true", help="a page to mail or to print on two sheets, brief.html"
    )
    how = flags.add_mutually_exclusive_group()
    how.add_argument("--text", action="store_true", help="print it in the terminal instead")
    how.add_argument("--out", metavar="FILE", type=Path, help="write the page there")
    how.add_argument(
        "--format",
        metavar="NAME",
        help="html; text, in the terminal; markdown, printed for a pull request; or the summary of "
        "each DIR beside its records: csv, json or parquet",
    )
    return flags


def main(options: Namespace) -> int:
    if options.format is not None and options.format not in _FORMATS:
        raise InputError(
            f"unknown format '{options.format}'{nearest(options.format, _FORMATS)}\n"
            f"valid formats: {', '.join(_FORMATS)}"
        )
    if options.prediction and (options.brief or options.format not in (None, "html", "text")):
        raise InputError("--prediction does not go with this: only with the page and the text")
    if options.brief and (options.text or options.format not in (None, "html")):
        raise InputError("--brief is a page: it goes with no other format")
    if options.brief and len(options.dirs) > 1:
        raise InputError("--brief is about one run: name one folder")
    prepare(options, "plot")
    from limiterbench.common.files import display
    from limiterbench.predict import appendix
    from limiterbench.predict.answers import print_answer
    from limiterbench.report.command import print_markdown, print_report, write_page

    if options.format in _SUMMARIES:
        from limiterbench.stats.summary import export

        for folder in options.dirs:
            print(display(export(folder, options.format)))
    elif options.format == "markdown":
        print_markdown(options.dirs)
    elif options.text or options.format == "text":
        measured = appendix.print_simulated(options.dirs)
        predictions = appendix.read(options.prediction)
        print_report(measured)
        for prediction in predictions:
            print()
            print_answer(prediction)
    else:
        added = appendix.of(appendix.read(options.prediction))
        print(display(write_page(options.dirs, options.out, added, options.brief)))
    return 0
