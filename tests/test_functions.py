"""The functional suite: what a moderator must be able to tell apart, in the manner of HateCheck and CheckList.

``functions/cases.csv`` was written without sight of rules or corpora, ``functions/floors.csv`` holds the share of right verdicts
that each function has reached: a change may raise a floor, none may fall below it.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from moderation.moderator import Moderator

FOLDER = Path(__file__).parent / "functions"


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


CASES: dict[str, list[dict[str, str]]] = defaultdict(list)
for case in rows("cases.csv"):
    CASES[case["function"]].append(case)
FLOORS = {row["function"]: float(row["floor"]) for row in rows("floors.csv")}


def test_every_function_has_a_floor_and_enough_cases() -> None:
    assert set(CASES) == set(FLOORS)
    assert min(len(cases) for cases in CASES.values()) >= 24


@pytest.mark.parametrize("function", sorted(CASES))
def test_a_function_does_not_fall_below_what_it_has_reached(moderator: Moderator, function: str) -> None:
    cases = CASES[function]
    decisions = moderator.moderate_many(case["text"] for case in cases)
    wrong = [case["text"] for case, decision in zip(cases, decisions, strict=True) if decision.approved != (case["expected"] == "approve")]
    assert 1 - len(wrong) / len(cases) >= FLOORS[function], wrong
