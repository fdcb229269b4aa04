from __future__ import annotations

import csv
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import Category, Decision, Evidence, Model, Moderator, Policy, moderate
from moderation.moderator import default

ATTACK = "You are an idiot and your opinion is worthless."
EVERY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=200)
NEAR_TEXT = st.text(st.sampled_from("you are idiot fuck kill @$*!.\u200b\u0456\"' 10\n"), max_size=120)


def test_a_rejection_says_what_for_and_points_at_the_words(moderator: Moderator) -> None:
    decision = moderator.moderate(ATTACK)
    assert not decision.approved
    assert decision.category == "personal_attacks"
    assert decision.categories == (Category.PERSONAL_ATTACKS,)
    assert decision.score > 0.5
    found = decision.evidence[0]
    assert ATTACK[found.start : found.end] == found.quote
    assert "idiot" in found.quote
    assert found.reason.startswith("Insults")


def test_an_approval_has_no_category_and_no_evidence(moderator: Moderator) -> None:
    decision = moderator.moderate("Thank you for reporting on the water shortage in Halabja.")
    assert decision.approved
    assert decision.category is None
    assert decision.categories == ()
    assert decision.evidence == ()
    assert decision.score < 0.5


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b", "\x00", "..."])
def test_a_comment_without_words_is_approved_without_evidence(moderator: Moderator, text: str) -> None:
    decision = moderator.moderate(text)
    assert decision.approved
    assert decision.evidence == ()


def test_every_code_has_a_score_between_0_and_1(moderator: Moderator) -> None:
    for text in (ATTACK, "Good morning.", ""):
        scores = moderator.moderate(text).scores
        assert set(scores) == set(Category)
        assert all(0.0 <= score <= 1.0 for score in scores.values())


def test_the_model_gives_evidence_where_no_rule_does() -> None:
    by_model = Moderator(rules=default().rules)
    decisions = list(by_model.moderate_many(SPAM))
    told = [decision for decision in decisions if any(found.source == "model" for found in decision.evidence)]
    assert told
    for decision in told:
        assert all("Weighed most" in found.reason for found in decision.evidence if found.source == "model")


SPAM = [
    "subscribe my channel guys i make funny videos every day",
    "check out this video on my channel please",
    "the author is a stupid ugly loser with no brain at all",
    "women are all stupid whores and belong in the kitchen",
    "go kill yourself you worthless piece of trash",
    "these disgusting filthy migrants should all be thrown out",
]


@pytest.mark.parametrize("value", [None, 1, b"bytes", ["a"], 2.5])
def test_what_is_no_str_is_a_type_error(moderator: Moderator, value: object) -> None:
    with pytest.raises(TypeError, match="must be a str"):
        moderator.moderate(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a str"):
        list(moderator.moderate_many([value]))  # type: ignore[list-item]


def test_one_str_is_not_an_iterable_of_comments(moderator: Moderator) -> None:
    with pytest.raises(TypeError, match="not one str"):
        list(moderator.moderate_many("a comment"))


def test_many_comments_are_moderated_lazily_and_in_order(moderator: Moderator) -> None:
    taken = []

    def comments() -> object:
        for number in range(10_000):
            taken.append(number)
            yield ATTACK if number % 2 else "Well said."

    decisions = moderator.moderate_many(comments())  # type: ignore[arg-type]
    assert next(decisions).approved
    assert not next(decisions).approved
    assert len(taken) < 1000


@given(st.lists(EVERY_TEXT | NEAR_TEXT, max_size=8))
def test_many_decide_exactly_as_one_by_one(texts: list[str]) -> None:
    moderator = default()
    assert list(moderator.moderate_many(texts)) == [moderator.moderate(text) for text in texts]


@given(EVERY_TEXT | NEAR_TEXT)
def test_any_text_is_decided_and_every_quote_is_the_original_s(text: str) -> None:
    decision = moderate(text)
    assert decision.approved == (not decision.categories)
    assert decision.explain()
    json.dumps(decision.as_dict())
    for found in decision.evidence:
        assert 0 <= found.start < found.end <= len(text)
        assert text[found.start : found.end] == found.quote
        assert 0.0 < found.weight <= 1.0


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "\U0001f600" * 10_000,
        "idiot " * 20_000,
        "f " * 50_000,
        '"' * 50_000,
        "\u202e\ud800\x00" * 1000,
        "you are " * 20_000,
    ],
    ids=["one letter", "emoji", "one word", "spaced letters", "quotes", "controls", "openings"],
)
def test_hostile_lengths_are_decided(moderator: Moderator, text: str) -> None:
    assert isinstance(moderator.moderate(text), Decision)


def test_friendly_sentences_around_a_violation_do_not_hide_it(moderator: Moderator) -> None:
    friendly = "Thank you for this careful report. I learned a lot about the water plans. " * 4
    for attack in (ATTACK, "I will find you and kill you.", "Afghans are vermin."):
        assert not moderator.moderate(friendly + attack + " " + friendly).approved


def test_relevance_is_reported_only_with_an_article_and_decides_nothing(moderator: Moderator) -> None:
    article = "The Halabja museum reopened after a restoration that cost two million dollars."
    near = moderator.moderate("I visited the museum in Halabja before the restoration.", article)
    far = moderator.moderate("My football team lost again yesterday.", article)
    assert moderator.moderate("I visited the museum.").relevance is None
    assert near.relevance is not None
    assert far.relevance is not None
    assert near.relevance > 0.5 > far.relevance
    assert near.approved
    assert far.approved


def test_relevance_rejects_where_the_policy_sets_a_minimum(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[relevance]\nminimum = 0.3\n", encoding="utf-8")
    strict = Moderator(policy=Policy.load(path))
    decision = strict.moderate("My football team lost again yesterday.", "The Halabja museum reopened after a restoration.")
    assert decision.category == "promotion"
    assert strict.moderate("My football team lost again yesterday.").approved


def test_a_decision_is_frozen_and_survives_pickling(moderator: Moderator) -> None:
    decision = moderator.moderate(ATTACK)
    with pytest.raises(AttributeError, match="frozen"):
        decision.score = 0.0
    with pytest.raises(AttributeError, match="frozen"):
        del decision.score
    with pytest.raises(TypeError):
        decision.scores[Category.THREATS] = 1.0  # type: ignore[index]
    assert pickle.loads(pickle.dumps(decision)) == decision  # noqa: S301 - our own bytes


def test_a_moderator_survives_pickling(moderator: Moderator) -> None:
    again = pickle.loads(pickle.dumps(moderator))  # noqa: S301 - our own bytes
    assert again.moderate(ATTACK) == moderator.moderate(ATTACK)


def test_threads_share_a_moderator(moderator: Moderator) -> None:
    texts = [ATTACK, "Well said.", "I will kill you", "Nice goal"] * 25
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(moderator.moderate, texts)) == [moderator.moderate(text) for text in texts]


def test_the_same_input_gives_the_same_answer_in_another_process(moderator: Moderator) -> None:
    texts = [ATTACK, "Well said.", "subscribe to my channel", "k i l l yourself"]
    code = f"import json; from moderation import moderate; print(json.dumps([moderate(text).as_dict() for text in {texts!r}]))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == [moderator.moderate(text).as_dict() for text in texts]


def test_the_first_call_is_light_and_never_imports_the_training_packages() -> None:
    code = (
        "import sys; from moderation import moderate; assert not moderate('You are an idiot.').approved;"
        "heavy = {'sklearn', 'scipy', 'pandas', 'joblib', 'matplotlib', 'training', 'better_profanity'} & set(sys.modules);"
        "status = open('/proc/self/status').read() if sys.platform == 'linux' else 'VmHWM: 0 kB';"
        "print(sorted(heavy), int(status.split('VmHWM:')[1].split()[0]) / 1024)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert printed[0] == "[]"
    assert float(printed[1]) < 100


def test_evidence_is_a_plain_value() -> None:
    evidence = Evidence(Category.THREATS, "threats.harm", 0, 4, "kill", 0.9, "Threatens someone")
    assert evidence == Evidence(Category.THREATS, "threats.harm", 0, 4, "kill", 0.9, "Threatens someone")
    with pytest.raises(AttributeError):
        evidence.weight = 1.0  # type: ignore[misc]


def test_the_bundled_model_is_small() -> None:
    assert Model.load().verdict.nbytes + Model.load().by_code.nbytes < 8_000_000


def test_cases_of_the_examples_are_decided_as_the_readme_says(moderator: Moderator) -> None:
    path = Path(__file__).parents[1] / "examples" / "comments.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        comments = [row["text"] for row in csv.DictReader(lines)]
    categories = [decision.category for decision in moderator.moderate_many(comments)]
    assert categories == [None, None, "profanity", "threats", "abuse", None, "promotion", None]
