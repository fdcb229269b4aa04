"""The command line: ``moderate`` and ``python -m moderation``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from moderation import tables
from moderation.decision import Category, Decision
from moderation.lexicon import LexiconError
from moderation.model import ModelError
from moderation.moderator import Moderator
from moderation.policy import Policy, PolicyError
from moderation.rules import RuleError
from moderation.tables import TableError

DONE, DIFFERS, FAILED = 0, 1, 2
_VERDICTS = {"approve", "reject"}
_COMMANDS = ("file", "check", "text")
_USAGE = """\
moderate "a comment"              decide one comment (also: moderate text "check")
moderate file comments.csv        decide a file: CSV, JSONL, or a comment a line; - is standard input
moderate check cases.csv          run cases (columns text,expected) as a policy test

exit codes: 0 done; 1 cases differ, or with --exit-code the comment was rejected; 2 an error, said in one sentence"""

Item = TypeVar("Item")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; ``sys.argv`` when None.

    Returns:
        The exit code: 0, 1 or 2 as the usage says.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] == "-":
        given.insert(0, "file")
    elif not any(argument in _COMMANDS for argument in given[:1]) and given and given[0] not in ("-h", "--help", "--version"):
        given.insert(0, "text")
    options = _parser().parse_args(given)
    try:
        moderator = Moderator(Policy.load(options.policy), options.model, options.rules)
        return int(options.run(moderator, options))
    except (ModelError, PolicyError, RuleError, LexiconError, TableError) as error:
        print(f"moderate: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of our output has gone: head, less
        sys.stderr.close()
        return DONE


def _parser() -> argparse.ArgumentParser:
    from moderation import __version__  # noqa: PLC0415 - the package's face imports what stands below it

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--policy", metavar="FILE", help="a policy.toml that overrides parts of the bundled one")
    shared.add_argument("--model", metavar="FILE", help="a model that training wrote, instead of the bundled one")
    shared.add_argument("--rules", metavar="FOLDER", help="a folder with rules/*.toml and lexicon/*.txt, added to the bundled ones")
    parser = argparse.ArgumentParser(
        prog="moderate", description=_USAGE, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="")
    one = commands.add_parser("text", parents=[shared], help="decide one comment")
    one.add_argument("comment")
    one.add_argument("--article", metavar="FILE", help="the article that it stands under, to report relevance")
    one.add_argument("--json", action="store_true", help="print the decision for a program")
    one.add_argument("--exit-code", action="store_true", help="exit with 1 when the comment is rejected")
    one.set_defaults(run=_text)
    file = commands.add_parser("file", parents=[shared], help="decide a file of comments")
    file.add_argument("input", metavar="FILE", help="CSV, JSONL or text; - is standard input")
    file.add_argument("--out", metavar="FILE", help="where to write; standard output when absent")
    file.add_argument("--column", default="text", help="where the comment stands in a row (default: text)")
    file.add_argument("--format", choices=tables.FORMATS, help="how the input is read (default: by its name; standard input: lines)")
    file.set_defaults(run=_file)
    check = commands.add_parser("check", parents=[shared], help="run a file of cases as a policy test")
    check.add_argument("cases", metavar="CASES", help="CSV with columns text,expected: approve, reject, or codes joined by ';'")
    check.set_defaults(run=_check)
    return parser


def _text(moderator: Moderator, options: argparse.Namespace) -> int:
    article = None
    if options.article is not None:
        with tables.opened(Path(options.article)) as lines:
            article = lines.read()
    decision = moderator.moderate(options.comment, article)
    print(_printable(json.dumps(decision.as_dict(), ensure_ascii=False, indent=2) if options.json else decision.explain()))
    return DIFFERS if options.exit_code and not decision.approved else DONE


def _file(moderator: Moderator, options: argparse.Namespace) -> int:
    standard = options.input == "-"
    form = options.format or (
        "lines" if standard else {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(Path(options.input).suffix, "lines")
    )
    name = "standard input" if standard else options.input
    if standard:
        sys.stdin.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    source = nullcontext(sys.stdin) if standard else tables.opened(Path(options.input))
    wanted = "jsonl" if form == "jsonl" or (options.out and Path(options.out).suffix in (".jsonl", ".ndjson")) else "csv"
    with source as lines:
        rows = list(tables.read(lines, form, options.column, name))
    decided = moderator.moderate_many(row[options.column] for row in rows)
    pairs = zip(rows, _with_progress(decided, len(rows)), strict=True)
    with tables.written_beside(Path(options.out)) if options.out else nullcontext(sys.stdout) as out:
        rejected = tables.write(pairs, out, wanted)
    print(f"{len(rows):,} comments: {len(rows) - rejected:,} approved, {rejected:,} rejected", file=sys.stderr)
    return DONE


def _check(moderator: Moderator, options: argparse.Namespace) -> int:
    with tables.opened(Path(options.cases)) as lines:
        cases = list(tables.read(lines, "csv", "text", options.cases))
    for number, case in enumerate(cases, 2):
        expected = case.get("expected", "")
        if not set(expected.split(";")) <= _VERDICTS | {code.value for code in Category}:
            raise TableError(f"{options.cases}, case {number - 1}: expects '{expected}'; write approve, reject or codes joined by ';'.")
    differing = 0
    for case, decision in zip(cases, moderator.moderate_many(case["text"] for case in cases), strict=True):
        if not agrees(decision, case["expected"]):
            differing += 1
            print(_printable(f"expected {case['expected']}, got {_verdict(decision)}: {case['text']}"))
    print(f"{len(cases) - differing} of {len(cases)} cases as expected, {differing} differ")
    return DIFFERS if differing else DONE


def agrees(decision: Decision, expected: str) -> bool:
    """Whether a decision is what a case expects.

    Args:
        decision: What was decided.
        expected: ``approve``, ``reject`` (for whatever reason), or codes joined by ``;``, the first of which must name
            the category or be among the codes found.

    Returns:
        True when it is.
    """
    if expected in _VERDICTS:
        return decision.approved == (expected == "approve")
    first = expected.split(";", maxsplit=1)[0]
    return not decision.approved and (first == decision.category or first in decision.categories)


def _verdict(decision: Decision) -> str:
    return "approve" if decision.approved else ";".join(decision.categories)


def _with_progress(items: Iterable[Item], total: int) -> Iterator[Item]:
    """Pass items on, and show on a terminal how far it has come."""
    shown = sys.stderr.isatty()
    started = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if shown and now - last > 0.2:
            last = now
            filled = "#" * (30 * done // max(total, 1))
            print(f"\r[{filled:<30}] {done:,} of {total:,}, {done / (now - started):,.0f}/s", end="", file=sys.stderr)
    if shown:
        print(f"\r[{'#' * 30}] {done:,} of {total:,}" + " " * 20, file=sys.stderr)


def _printable(text: str) -> str:
    """What the terminal's encoding cannot show, lone surrogates above all, as an escape."""
    encoding: Any = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
