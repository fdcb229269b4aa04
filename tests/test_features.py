from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.features import Hasher, mask_links

FOLDED = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def buckets(hasher: Hasher, texts: list[str], row: int) -> list[int]:
    found = hasher.find(texts)
    return [int(bucket) for bucket in found.buckets[found.rows[found.sentences] == row]]


@given(st.lists(FOLDED, min_size=1, max_size=6))
def test_what_stands_beside_a_text_changes_none_of_its_ngrams(texts: list[str]) -> None:
    hasher = Hasher(bits=16)
    for row, text in enumerate(texts):
        assert buckets(hasher, texts, row) == buckets(hasher, [text], 0)


@given(st.lists(FOLDED, min_size=1, max_size=4))
def test_every_place_lies_inside_its_text(texts: list[str]) -> None:
    found = Hasher(bits=16).find(texts, places=True)
    for row, start, end in zip(found.rows[found.sentences], found.starts, found.ends, strict=True):
        assert 0 <= start < end <= len(texts[row])


def test_the_same_ngrams_as_counted_by_hand() -> None:
    found = Hasher(bits=20, words=2, shortest=3, longest=3).find(["go on"], places=True)
    pieces = sorted(("go on"[start:end]) for start, end in zip(found.starts, found.ends, strict=True))
    assert pieces == sorted(["go", "on", "go on", "go", "go", "on", "on"])  # words, a pair; " go", "go ", " on", "on "


def test_sentences_are_told_apart() -> None:
    found = Hasher().find(["One two. Three? 3.5 www.a.com", "", "A line\nand another"])
    assert found.rows.tolist() == [0, 0, 0, 1, 2, 2]
    assert found.sizes.tolist() == [2, 2, 3, 0, 2, 2]


def test_digits_are_alike_and_links_are_one_sign() -> None:
    hasher = Hasher(bits=20)
    assert buckets(hasher, ["call 123"], 0) == buckets(hasher, ["call 987"], 0)
    assert buckets(hasher, ["see https://one.com/a"], 0) == buckets(hasher, ["see www.two.org/b?c"], 0)


@given(FOLDED)
def test_masking_links_keeps_every_position(text: str) -> None:
    assert len(mask_links(text + " http://a.com/b @name c.shop")) == len(text + " http://a.com/b @name c.shop")


def test_hashes_are_the_same_in_every_process_and_on_every_machine() -> None:
    assert Hasher(bits=16, words=1, shortest=2, longest=2).find(["hê!"]).buckets.tolist() == EXPECTED


def test_buckets_are_spread_evenly() -> None:
    words = [f"{first}{second}{third}" for first in "bcdfg" for second in "aeiou" for third in "lmnrst"]
    found = Hasher(bits=12, words=1, shortest=8, longest=8).find(words)
    assert len(set(found.buckets.tolist())) > 0.95 * len(words)


@pytest.mark.parametrize("values", [(7, 2, 2, 5), (25, 2, 2, 5), (18, 4, 2, 5), (18, 2, 0, 5), (18, 2, 6, 5), (18, 2, 2, 9)])
def test_a_hasher_out_of_range_is_refused(values: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Hasher(*values)


def test_an_empty_batch_has_no_ngrams() -> None:
    assert len(Hasher().find([]).buckets) == 0
    assert np.array_equal(Hasher().find(["", " "]).buckets, [])


EXPECTED = [14766, 22501, 58547, 39179, 63069, 47294, 10335]
