"""Comments in files: reads CSV, JSONL and plain lines, writes decisions beside them."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from moderation.decision import Decision

FORMATS = ("csv", "jsonl", "lines")
DECIDED = ("approved", "category", "categories", "score", "evidence")
"""The columns that moderation adds to a CSV."""

csv.field_size_limit(10_000_000)


class TableError(ValueError):
    """A file of comments that cannot be read or written; the message names the file, the row and the remedy."""


def read(lines: TextIO, form: str, column: str, name: str) -> Iterator[dict[str, Any]]:
    """Read rows, each with its comment under ``column``.

    Args:
        lines: An open text file.
        form: ``csv``, ``jsonl`` or ``lines`` (a comment a line).
        column: Where the comment stands in a row.
        name: The file's name, for messages.

    Yields:
        The rows, with the columns that the file gives them.

    Raises:
        TableError: The header lacks the column, a row is truncated or no JSON object, or the file is not UTF-8.
    """
    try:
        if form == "csv":
            yield from _read_csv(lines, column, name)
        elif form == "jsonl":
            yield from _read_jsonl(lines, column, name)
        else:
            yield from ({column: line.rstrip("\r\n")} for line in lines)
    except UnicodeDecodeError as error:
        raise TableError(f"{name}: is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8.") from None


def _read_csv(lines: TextIO, column: str, name: str) -> Iterator[dict[str, Any]]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if column not in header:
            raise TableError(f"{name}: has no column '{column}' (its header reads {', '.join(header) or 'nothing'}); use --column.")
        for cells in reader:
            if cells and len(cells) != len(header):
                raise TableError(f"{name}, row {reader.line_num}: has {len(cells)} cells where the header has {len(header)}; mend the row.")
            if cells:
                yield dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise TableError(f"{name}, row {reader.line_num}: is no CSV ({error}); close the quotes or save it anew.") from None


def _read_jsonl(lines: TextIO, column: str, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise TableError(f"{name}, line {number}: is no JSON ({error.msg}); mend the line.") from None
        if not isinstance(row, dict) or not isinstance(row.get(column), str):
            raise TableError(f"{name}, line {number}: has no text under '{column}'; use --column or mend the line.")
        yield row


def write(rows: Iterable[tuple[Mapping[str, Any], Decision]], lines: TextIO, form: str) -> int:
    """Write rows with their decisions.

    Args:
        rows: What was read, and what was decided of it.
        lines: An open text file.
        form: ``csv`` adds the columns `DECIDED`; ``jsonl`` adds the key ``moderation``.

    Returns:
        How many were rejected.
    """
    rejected = 0
    writer = csv.writer(lines, lineterminator="\n")
    for number, (row, decision) in enumerate(rows):
        rejected += not decision.approved
        if form == "jsonl":
            lines.write(json.dumps({**row, "moderation": decision.as_dict()}, ensure_ascii=False) + "\n")
            continue
        if number == 0:
            writer.writerow([*row, *DECIDED])
        evidence = "; ".join(f"{found.source}: {found.quote}" for found in decision.evidence)
        decided = ("yes" if decision.approved else "no", decision.category or "", ";".join(decision.categories))
        writer.writerow([*row.values(), *decided, f"{decision.score:.4f}", evidence])
    return rejected


@contextmanager
def written_beside(path: Path) -> Iterator[TextIO]:
    """A file to write that takes its place only when all of it is written; what stood there stays until then.

    Raises:
        TableError: The place cannot be written to.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8", errors="surrogatepass", newline="") as lines:
            yield lines
        beside.replace(path)
    except OSError as error:
        raise TableError(f"{path}: cannot be written ({error.strerror}); name a place that you may write to.") from None
    finally:
        beside.unlink(missing_ok=True)


def opened(path: Path) -> TextIO:
    """Open a file of comments for reading.

    Raises:
        TableError: It is missing or cannot be read.
    """
    try:
        return io.TextIOWrapper(path.open("rb"), encoding="utf-8-sig", newline="")
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such file; correct the path.") from None
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror}); name a readable file.") from None
