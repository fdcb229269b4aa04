from __future__ import annotations

from pathlib import Path

import pytest

from moderation.decision import Category
from moderation.phrase import read
from moderation.rules import Match, Rule, RuleError, RuleSet, without_excused
from moderation.sentences import Sentences
from moderation.text import fold

RULES = RuleSet.load()


def found(line: str) -> list[Match]:
    text = fold(line, RULES.respellings)
    return without_excused(RULES.find(text), RULES.excuse(text))


def lines(rules: tuple[Rule, ...], key: str) -> list[tuple[Rule, str]]:
    return [(rule, line) for rule in rules for line in getattr(rule, key)]


def named(value: object) -> str:
    return value.id if isinstance(value, Rule) else str(value)


@pytest.mark.parametrize(("rule", "line"), lines(RULES.rules, "reject"), ids=named)
def test_a_rule_finds_its_reject_line(rule: Rule, line: str) -> None:
    assert rule.id in {match.rule.id for match in found(line)}


@pytest.mark.parametrize(("rule", "line"), lines(RULES.rules, "approve"), ids=named)
def test_a_rule_leaves_its_near_miss_alone(rule: Rule, line: str) -> None:
    assert rule.id not in {match.rule.id for match in found(line)}


@pytest.mark.parametrize(("rule", "line"), lines(RULES.exceptions, "approve"), ids=named)
def test_an_exception_excuses_its_approve_line(rule: Rule, line: str) -> None:
    assert rule.id in {match.rule.id for match in RULES.excuse(fold(line, RULES.respellings))}
    assert not found(line)


@pytest.mark.parametrize(("rule", "line"), lines(RULES.exceptions, "reject"), ids=named)
def test_an_exception_does_not_excuse_its_near_miss(rule: Rule, line: str) -> None:
    assert found(line), rule.id


@pytest.mark.parametrize(("rule", "line"), lines(RULES.rules, "reject") + lines(RULES.exceptions, "approve"), ids=named)
def test_the_gate_lets_through_every_phrase_that_would_match(rule: Rule, line: str) -> None:
    text = fold(line, RULES.respellings)
    tried = {phrase.source for gate in (RULES._rule_gate, RULES._exception_gate) for _, phrase in gate.candidates(text)}
    assert {phrase.source for phrase in rule.phrases if list(phrase.find(Sentences(text.folded)))} <= tried


def test_every_bundled_phrase_can_be_read() -> None:
    for rule in (*RULES.rules, *RULES.exceptions):
        for phrase in (*rule.phrases, *rule.unless, *rule.unless_near):
            read(phrase.source, phrase.lexicons)


def test_every_bundled_phrase_has_anchors_so_that_most_comments_try_none() -> None:
    without = [(rule.id, phrase.source) for rule in RULES.rules for phrase in rule.phrases if not phrase.anchors]
    assert not without


def test_every_code_has_a_rule() -> None:
    spoken_for = {rule.code for rule in RULES.rules} | {rule.code.parent for rule in RULES.rules if rule.code}
    assert spoken_for == set(Category)


def test_every_reason_is_a_sentence_without_jargon() -> None:
    for rule in (*RULES.rules, *RULES.exceptions):
        assert rule.reason[0].isupper(), rule.id
        assert "regex" not in rule.reason.lower(), rule.id


BLOCK = """
[[rule]]
id = "own.rule"
code = "promotion.commercial"
reason = "Sells rugs"
phrases = ["buy (my|our) rugs"]
weight = 0.9
reject = ["Buy my rugs"]
approve = ["He bought his rugs in Kashan"]
"""


def test_a_rule_of_the_users_own_is_added(tmp_path: Path) -> None:
    write(tmp_path, BLOCK)
    rules = RuleSet.load(tmp_path)
    assert "own.rule" in {match.rule.id for match in rules.find(fold("please BUY our rugs", rules.respellings))}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "own.rule"\n', "", "has no id"),
        ('id = "own.rule"', 'id = "threats.harm"', "stands twice"),
        ("promotion.commercial", "selling", "no code of the guideline"),
        ("buy (my|our) rugs", "buy {nothing}", "names the lexicon 'nothing'"),
        ("buy (my|our) rugs", "(buy)?", "empty text"),
        ("0.9", "1.9", "the weight is 1.9"),
        ("0.9", "true", "the weight is True"),
        ('reject = ["Buy my rugs"]', "", "has no 'reject'"),
        ('approve = ["He bought his rugs in Kashan"]', "approve = []", "has no 'approve'"),
        ("weight", "wieght", "'wieght' is an unknown key"),
        ("[[rule]]", "[[rules]]", "use blocks"),
        ("[[rule]]", "[[rule", "is not TOML"),
        ('reason = "Sells rugs"\n', "", "has no reason"),
        ('phrases = ["buy (my|our) rugs"]', 'phrases = "buy my rugs"', "must be a list"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_the_remedy(tmp_path: Path, old: str, new: str, said: str) -> None:
    write(tmp_path, BLOCK.replace(old, new))
    with pytest.raises(RuleError, match=said):
        RuleSet.load(tmp_path)


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="holds no folder 'rules'"):
        RuleSet.load(tmp_path)


def write(folder: Path, content: str) -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "own.toml").write_text(content, encoding="utf-8")
