from __future__ import annotations

import pytest

from moderation.lexicon import Lexicon
from moderation.phrase import PhraseError, read
from moderation.sentences import Sentences

LEXICONS = {"insult": Lexicon("insult", ("idiot", "idiots", "waste of space")), "empty": Lexicon("empty", ("the",))}


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("you are", "and you, are"),
        ("(liar|a cheat)", "he is a cheat!"),
        ("you (really)? lie", "you lie"),
        ("you (really)? lie", "you really lie"),
        ("(so)? (very)? bad", "bad"),
        ("(so)? (very)? bad", "so very bad"),
        ("threat*", "threatened"),
        ("*wit", "a nitwit"),
        ("you ..2 {insult}", "you total utter idiots"),
        ("you ..2 {insult}", "you idiot"),
        ("{insult}", "what a waste-of space"),
        ("^ liar $", "no. liar!"),
        ("call {number}", "call +964 750 000 00 00"),
        ("visit {link}", "visit www.example.com/a"),
        ("he said {quoted}", 'he said "go away"'),
        ("i'll kill", "i'll kill"),
    ],
)
def test_a_phrase_finds_what_it_says(phrase: str, text: str) -> None:
    ready = read(phrase, LEXICONS)
    assert list(ready.find(Sentences(text)))
    assert all(any(word.removeprefix("*") in text for word in anchor) for anchor in ready.anchors)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("you are", "you. are"),
        ("you ..2 {insult}", "you three times over an idiot"),
        ("liar", "liars"),
        ("^ liar $", "he is a liar"),
        ("call {number}", "call 1990"),
        ("threat*", "athreat"),
    ],
)
def test_a_phrase_finds_nothing_else(phrase: str, text: str) -> None:
    assert not list(read(phrase, LEXICONS).find(Sentences(text)))


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("you {absent}", "names the lexicon 'absent'"),
        ("(you|we", "leaves a bracket open"),
        ("you)", "closes a bracket"),
        ("(you)?", "match the empty text"),
        ("", "match the empty text"),
        ("..2", "match the empty text"),
        ("you ..0 are", "use ..1 to ..9"),
        ("you + me", "means nothing in a phrase"),
        ("? you", "behind nothing"),
        ("you * are", "without a word"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_refused_with_the_remedy(phrase: str, said: str) -> None:
    with pytest.raises(PhraseError, match=said.replace("?", r"\?").replace("*", r"\*")):
        read(phrase, LEXICONS)


def test_the_rarest_obligatory_word_is_the_anchor() -> None:
    assert read("you are (very)? {insult}", LEXICONS).anchors[0] == {"idiot", "idiots", "waste"}
    assert read("(burn|bomb) the house", LEXICONS).anchors[:2] == (frozenset({"burn", "bomb"}), frozenset({"house"}))
    assert read("*wit", LEXICONS).anchors == (frozenset({"*wit"}),)
