from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from moderation.decision import Category
from moderation.lexicon import IGNORE, TRIAGE, LexiconError, forms, listed_terms, load


def triage() -> list[dict[str, str]]:
    content = files("moderation").joinpath(f"data/lexicon/{TRIAGE}").read_text(encoding="utf-8")
    return list(csv.DictReader(content.splitlines()))


def test_every_entry_of_better_profanity_is_triaged_and_no_other() -> None:
    assert sorted(row["term"].lower() for row in triage()) == sorted(listed_terms())


def test_every_triaged_entry_has_a_code_of_the_guideline_or_is_ignored() -> None:
    assert {row["code"] for row in triage()} <= {IGNORE, *(code.value for code in Category)}


def test_words_that_harm_nobody_are_ignored() -> None:
    ignored = {row["term"] for row in triage() if row["code"] == IGNORE}
    assert {"gay", "god", "organ", "rum", "kill", "womb", "hitler", "sex", "breasts", "lesbians"} <= ignored


def test_every_bundled_lexicon_says_what_it_holds() -> None:
    for entry in files("moderation").joinpath("data/lexicon").iterdir():
        if entry.name.endswith(".txt"):
            assert entry.read_text(encoding="utf-8").startswith("# "), entry.name


def test_an_ending_adds_a_form() -> None:
    assert forms("kill/s/ed") == ["kill", "kills", "killed"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Idiot\n", "capitals"),
        ("@masks\nidiot\n", "no directive"),
        ("# nothing\n", "holds no term"),
        ("@include absent\nidiot\n", "which is not there"),
        ("@include own\nidiot\n", "includes itself"),
    ],
)
def test_a_damaged_lexicon_is_refused_with_the_remedy(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "own.txt").write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError, match=said):
        load(tmp_path)


def test_a_lexicon_takes_in_another(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("# one\ncat/s\n", encoding="utf-8")
    (tmp_path / "both.txt").write_text("# both\n@include one\ndog\n", encoding="utf-8")
    assert load(tmp_path)["both"].terms == ("dog", "cat", "cats")
