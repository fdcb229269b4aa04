"""The guideline as cases, one CSV a category; what still fails is a strict xfail in ``known_failures.csv``."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from moderation.cli import agrees
from moderation.moderator import Moderator

FOLDER = Path(__file__).parent / "policy"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


KNOWN_FAILURES = {row["text"]: row["got"] for row in rows(FOLDER / "known_failures.csv")}
CASES = [(path.stem, row) for path in sorted(FOLDER.glob("*.csv")) if path.stem != "known_failures" for row in rows(path)]


def case(name: str, number: int, row: dict[str, str]) -> object:
    failing = KNOWN_FAILURES.get(row["text"])
    marks = [pytest.mark.xfail(reason=f"known failure: {failing}", strict=True)] if failing is not None else []
    return pytest.param(row["text"], row["expected"], id=f"{name}-{number}", marks=marks)


@pytest.mark.parametrize(("text", "expected"), [case(name, number, row) for number, (name, row) in enumerate(CASES)])
def test_the_guideline_decides(moderator: Moderator, text: str, expected: str) -> None:
    decision = moderator.moderate(text)
    assert agrees(decision, expected), decision.explain()


def test_the_guideline_has_several_hundred_cases_on_both_sides() -> None:
    approved = sum(row["expected"] == "approve" for _, row in CASES)
    assert approved >= 200
    assert len(CASES) - approved >= 200


def test_every_known_failure_is_still_a_case() -> None:
    assert set(KNOWN_FAILURES) <= {row["text"] for _, row in CASES}
