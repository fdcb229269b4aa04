from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.respellings import Respellings
from moderation.rules import RuleSet
from moderation.text import Text, fold

KNOWN = Respellings(
    ["fuck", "fucking", "shit", "bullshit", "ass", "asshole", "idiot", "kill", "you", "are", "bitch", "moron"],
    maskable=["fuck", "fucking", "shit", "ass", "asshole", "bitch", "idiot"],
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("FUCK", "fuck"),
        ("fuuuuck", "fuck"),
        ("fffuuuccckkk", "fuck"),
        ("f*ck", "fuck"),
        ("f**k", "fuck"),
        ("f***ing", "fucking"),
        ("s#!t", "shit"),
        ("a$$", "ass"),
        ("b!tch", "bitch"),
        ("1d10t", "idiot"),
        ("Y0u", "you"),
        ("k i l l", "kill"),
        ("k.i.l.l", "kill"),
        ("b u l l s h i t", "bullshit"),
        ("f u c k y o u", "fuck you"),
        ("id.iot", "idiot"),
        ("i-d-i-o-t", "idiot"),
        ("\u0456d\u0456\u043et", "idiot"),  # Cyrillic i and o
        ("\uff49\uff44\uff49\uff4f\uff54", "idiot"),  # full width
        ("\U0001d422\U0001d41d\U0001d422\U0001d428\U0001d42d", "idiot"),  # mathematical bold
        ("\u026a\u1d05\u026a\u1d0f\u1d1b", "idiot"),  # small capitals
        ("\u03b9diot", "idiot"),  # Greek iota
        ("id\u200biot", "idiot"),  # zero-width space
        ("id\u00adiot", "idiot"),  # soft hyphen
        ("\u202eidiot\u202c", "idiot"),  # right-to-left override
        ("i\u0301d\u0308iot", "idiot"),  # combining marks
        ("idi\x00ot", "idiot"),
    ],
)
def test_a_respelt_term_is_read_as_the_term(typed: str, read: str) -> None:
    assert fold(typed, KNOWN).folded == read


@pytest.mark.parametrize(
    "typed",
    [
        "142,460", "45s", "$54.30", "k1", "a55", "5pm", "covid19", "b2b", "f16", "h1n1", "co2", "4,5 %", "n e w s", "the u s a",
        "3.5m", "100%", "u.n. report", "e.g. this", "*really*", "c++", "24/7", "wi-fi", "p@ssw0rd1x", "assess the class",
    ],
)  # fmt: skip
def test_numbers_names_and_plain_words_stay_what_they_are(typed: str) -> None:
    assert fold(typed, KNOWN).folded == typed


@pytest.mark.parametrize(
    "typed",
    [
        "سڵاو، چۆنی؟ ئەم هەواڵە زۆر گرنگە",
        "Silav hevalno, ev nûçe pir girîng e",
        "السلام عليكم، شكراً على هذا التقرير",
        "Bu haber çok önemli, teşekkürler",
        "سلام، این خبر خیلی مهم است",
    ],
)
def test_other_languages_pass_through_and_are_led_back_letter_by_letter(typed: str) -> None:
    text = fold(typed, RuleSet.load().respellings)
    assert text.original == typed
    for word in text.words:
        start = text.folded.index(word)
        low, high = text.span(start, start + len(word))
        assert typed[low:high].strip() == typed[low:high]
        assert high - low >= len(word)


def test_arabic_letters_are_not_changed() -> None:
    typed = "سلام این خبر مهم است"
    assert fold(typed, KNOWN).folded == typed


def test_a_span_leads_back_to_the_characters_that_were_typed() -> None:
    typed = "So, y\u200bou are an I D I O T!"
    text = fold(typed, KNOWN)
    start = text.folded.index("idiot")
    low, high = text.span(start, start + 5)
    assert typed[low:high] == "I D I O T"


def test_a_part_of_a_restored_word_leads_back_to_all_of_it() -> None:
    text = fold("f*k it", KNOWN)
    assert text.folded == "fuck it"
    assert text.span(0, 2) == (0, 3)


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_folding_never_fails_and_every_span_lies_inside_the_original(typed: str) -> None:
    text = fold(typed, KNOWN)
    check_spans(text)


@given(st.text(st.sampled_from("fuckidotas$@!*10. -_\u0456\u200b\u00e9\ud83dA\n"), max_size=80))
def test_folding_a_folded_text_changes_nothing(typed: str) -> None:
    once = fold(typed, KNOWN).folded
    assert fold(once, KNOWN).folded == once


@pytest.mark.parametrize(
    "typed", ["a" * 1_000_000, "f " * 200_000, "f*" * 200_000, "\U0001f600" * 10_000, "\ud800" * 5000, "e\u0301" * 50_000]
)
def test_hostile_lengths_are_folded(typed: str) -> None:
    check_spans(fold(typed, KNOWN), step=5003)


def check_spans(text: Text, step: int = 1) -> None:
    for start in range(0, len(text.folded), step):
        low, high = text.span(start, start + 1)
        assert 0 <= low < high <= len(text.original)


@pytest.mark.parametrize(
    ("typed", "read"),
    [("idoit", "idiot"), ("idot", "idiot"), ("idiiot", "idiot"), ("moorn", "moron"), ("you are an idoit!", "you are an idiot!")],
)
def test_a_misspelt_term_is_read_as_the_term(typed: str, read: str) -> None:
    assert fold(typed, KNOWN_TYPED).folded == read


def test_a_word_that_looks_like_a_misspelt_term_stays_what_it_is() -> None:
    assert fold("a moron morn on the moon", KNOWN_TYPED).folded == "a moron morn on the moon"
    typed = "the accused wore a batch of horns, paid fees and cooked finnish fish in a garage near niger"
    assert fold(typed, RuleSet.load().respellings).folded == typed


KNOWN_TYPED = Respellings(["idiot", "moron"], maskable=["idiot", "moron"], words=["morn", "moon"])
