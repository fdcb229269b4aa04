"""Labelled CSVs: the project's own corpus, and a newsroom's.

A CSV in UTF-8 has a column ``text`` and either a column ``label`` (``approve``, ``reject``, or codes joined by ``;``)
or one column for each code with 1, 0 or blank for unknown. ``kind`` and ``group`` are read where they stand; other
columns are passed over.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from moderation.decision import Category
from training.examples import HEADS, REJECT, Example, approved, violates

csv.field_size_limit(10_000_000)
_CODES = frozenset(code.value for code in Category)
_SHOWN = 20


class LabelledError(ValueError):
    """A labelled CSV that cannot be used; the message names each bad row by file, row and reason."""


def read(paths: Iterable[str | Path]) -> list[Example]:
    """Read labelled CSVs.

    Args:
        paths: The files.

    Returns:
        One example for each row, in order.

    Raises:
        LabelledError: A file cannot be read, its header is wrong, or any row is bad: all bad rows are named.
    """
    examples: list[Example] = []
    problems: list[str] = []
    for path in map(Path, paths):
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                reader = csv.reader(lines, strict=True)
                header = [name.strip() for name in next(reader, [])]
                columns = _columns(header, path)
                for cells in reader:
                    if not cells:
                        continue
                    try:
                        examples.append(_example(header, cells, columns, path))
                    except ValueError as error:
                        problems.append(f"{path}, row {reader.line_num}: {error}")
        except FileNotFoundError:
            raise LabelledError(f"{path}: there is no such file; correct the path.") from None
        except IsADirectoryError:
            raise LabelledError(f"{path}: is a folder; name a CSV file.") from None
        except UnicodeDecodeError as error:
            raise LabelledError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8.") from None
        except csv.Error as error:
            raise LabelledError(f"{path}, row {reader.line_num}: is no CSV ({error}); close the quotes or save it anew.") from None
    if problems:
        more = f"\n... and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise LabelledError("\n".join(problems[:_SHOWN]) + more + "\nCorrect or remove these rows; nothing was trained.")
    return examples


def own_corpus() -> list[Example]:
    """The project's own corpus, ``training/data/*.csv``."""
    paths = sorted(Path(str(path)) for path in files("training").joinpath("data").iterdir() if path.name.endswith(".csv"))
    return [replace(example, source=f"own/{example.source}") for example in read(paths)]


def _columns(header: list[str], path: Path) -> Mapping[str, str]:
    if "text" not in header:
        raise LabelledError(f"{path}: the header has no column 'text' (it reads {', '.join(header) or 'nothing'}); name the column so.")
    codes = {name: name for name in header if name in HEADS}
    if "label" not in header and not codes:
        raise LabelledError(f"{path}: the header has no column 'label' and none named by a code; add one of them.")
    return codes if "label" not in header else {}


def _example(header: list[str], cells: list[str], columns: Mapping[str, str], path: Path) -> Example:
    if len(cells) != len(header):
        raise ValueError(f"has {len(cells)} cells where the header has {len(header)}")
    row = dict(zip(header, cells, strict=True))
    if not row["text"].strip():
        raise ValueError("the text is empty")
    labels = _from_codes(row, columns) if columns else _from_label(row["label"])
    return Example(row["text"], labels, path.stem, row.get("kind", ""), row.get("group", ""))


def _from_label(label: str) -> dict[str, bool]:
    named = [part.strip() for part in label.split(";") if part.strip()]
    if named == ["approve"]:
        return approved()
    if named == ["reject"]:
        return {REJECT: True}
    if not named:
        raise ValueError("the label is empty; write approve, reject or codes joined by ';'")
    for code in named:
        if code not in _CODES:
            raise ValueError(f"the label '{code}' is neither approve, reject nor a code")
    labels = violates(*named, others=False)
    for parent in ("abuse", "promotion"):
        if parent in named and not any(code.startswith(f"{parent}.") for code in named):
            for head in list(labels):  # a plain "abuse" leaves open which
                if head.startswith(f"{parent}."):
                    del labels[head]
    return labels


def _from_codes(row: Mapping[str, str], columns: Iterable[str]) -> dict[str, bool]:
    labels: dict[str, bool] = {}
    for name in columns:
        cell = row[name].strip()
        if cell not in ("", "0", "1"):
            raise ValueError(f"the column '{name}' holds '{cell}'; write 1, 0 or leave it blank")
        if cell:
            labels[name] = cell == "1"
    if not labels:
        raise ValueError("no code has a value; write 1 or 0 in one column at least")
    violated = [code for code, holds in labels.items() if holds and code != REJECT]
    if violated and labels.get(REJECT) is False:
        raise ValueError(f"'{violated[0]}' is 1 although 'reject' is 0")
    if violated:
        labels |= {code.partition(".")[0]: True for code in violated} | {REJECT: True}
    elif REJECT not in labels and all(code.value in labels for code in Category if code.parent is code):
        labels[REJECT] = False  # every category is known and none holds
    return labels
