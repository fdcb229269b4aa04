from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.decision import Category
from moderation.policy import Policy, PolicyError, combine

SCORES = st.dictionaries(st.sampled_from(list(Category)), st.floats(0, 1))


def write(folder: Path, content: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_bundled_policy_says_the_guideline_s_sentence_for_every_code() -> None:
    assert all(clause.guideline.startswith("We will not tolerate") for clause in Policy.load().clauses.values())


def test_a_file_of_the_users_overrides_a_part(tmp_path: Path) -> None:
    policy = Policy.load(write(tmp_path, "[codes.profanity]\nthreshold = 0.9\n"))
    assert policy.clauses[Category.PROFANITY].threshold == 0.9
    assert policy.clauses[Category.PROFANITY].guideline == Policy.load().clauses[Category.PROFANITY].guideline
    assert policy.clauses[Category.THREATS] == Policy.load().clauses[Category.THREATS]


def test_a_code_that_is_switched_off_never_rejects(tmp_path: Path) -> None:
    policy = Policy.load(write(tmp_path, "[codes.profanity]\nreject = false\n"))
    assert policy.decide({Category.PROFANITY: 1.0}) == ()


def test_precedence_names_the_category_and_a_subcategory_stands_behind_its_parent(tmp_path: Path) -> None:
    scores = {Category.PROFANITY: 1.0, Category.ABUSE_SEXISM: 1.0}
    assert Policy.load().decide(scores) == ("abuse", "abuse.sexism", "profanity")
    turned = 'precedence = ["profanity", "threats", "abuse", "personal_attacks", "vulgarity", "promotion"]'
    assert Policy.load(write(tmp_path, turned)).decide(scores) == ("profanity", "abuse", "abuse.sexism")


def test_relevance_rejects_only_where_a_minimum_is_set(tmp_path: Path) -> None:
    assert Policy.load().decide({}, 0.0) == ()
    strict = Policy.load(write(tmp_path, "[relevance]\nminimum = 0.2\n"))
    assert strict.decide({}, 0.1) == ("promotion",)
    assert strict.decide({}, 0.3) == ()
    assert strict.decide({}, None) == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[codes.swearing]\nthreshold = 0.5", "'codes.swearing' is no code"),
        ("[codes.profanity]\nthreshhold = 0.5", "'codes.profanity.threshhold' is an unknown key"),
        ("[codes.profanity]\nthreshold = 0", "'codes.profanity.threshold' is 0"),
        ("[codes.profanity]\nthreshold = 1.5", "'codes.profanity.threshold' is 1.5"),
        ("[codes.profanity]\nthreshold = true", "'codes.profanity.threshold' is True"),
        ("[codes.profanity]\nthreshold = nan", "'codes.profanity.threshold' is nan"),
        ('[codes.profanity]\nreject = "no"', "true or false"),
        ("codes = 1", "'codes' is not a table"),
        ("codes.profanity = 1", "'codes.profanity' is not a table"),
        ("treshold = 1", "'treshold' is an unknown key"),
        ('precedence = ["threats"]', "'precedence' must name each of"),
        ("[relevance]\nminimum = 2", "'relevance.minimum' is 2"),
        ('[relevance]\ncode = "boring"', "'relevance.code' is 'boring'"),
        ("[codes", "is not TOML"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_by_file_key_and_remedy(tmp_path: Path, content: str, said: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(PolicyError, match=said) as refused:
        Policy.load(path)
    assert str(path) in str(refused.value)


def test_a_policy_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(PolicyError, match="there is no such policy file"):
        Policy.load("absent.toml")


@given(SCORES, st.floats(0, 1), SCORES)
def test_a_category_scores_no_less_than_its_subcategories(
    rules: dict[Category, float], must_reject: float, model: dict[Category, float]
) -> None:
    scores = combine(rules, must_reject, model)
    assert set(scores) == set(Category)
    assert all(scores[code.parent] >= scores[code] for code in Category)


@given(st.floats(0, 1), SCORES)
def test_without_rules_no_code_is_likelier_than_a_rejection_and_one_is_as_likely(must_reject: float, model: dict[Category, float]) -> None:
    assert max(combine({}, must_reject, model).values()) == must_reject


def test_a_reason_named_by_a_rule_is_not_doubled_by_the_model() -> None:
    scores = combine({Category.PROFANITY: 0.97}, 0.9, {Category.VULGARITY: 0.4})
    assert scores[Category.PROFANITY] > 0.97
    assert scores[Category.VULGARITY] == 0.4


def test_the_model_s_doubt_lowers_a_rule_and_its_assent_raises_it() -> None:
    doubted, assented = (combine({Category.THREATS: 0.8}, must_reject, {})[Category.THREATS] for must_reject in (0.02, 0.9))
    assert doubted < 0.5
    assert assented > 0.8
    assert combine({Category.THREATS: 0.95}, 0.0, {})[Category.THREATS] > 0.5


@given(SCORES)
def test_approved_is_exactly_no_code_at_its_threshold(scores: dict[Category, float]) -> None:
    policy = Policy.load()
    over = any(score >= policy.clauses[code].threshold for code, score in scores.items())
    assert bool(policy.decide(scores)) == over
