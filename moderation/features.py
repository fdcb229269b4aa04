"""Hashed n-grams of words and characters, with numpy: the same code in training and in scoring.

Every n-gram of a folded comment is hashed into one of ``2**bits`` buckets (Weinberger et al., "Feature Hashing for
Large Scale Multitask Learning", ICML 2009), so there is no vocabulary to store and none to look up. Character n-grams
stay inside a word and see its edges, as scikit-learn's ``char_wb`` analyser does. A whole batch is hashed by a few
array operations over its code points, in time linear in its length.

TF-IDF here counts every occurrence: a comment is ``sum(idf[b] for each occurrence) / sqrt(sum(idf[b] ** 2))``, which
equals the usual L2-normalised TF-IDF when no n-gram repeats and needs no sorting to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.text import ENDINGS, LINK

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_DOMAIN = re.compile(rf"\.(?:{ENDINGS})(?!\w)")
_LINK = re.compile(LINK)
_HANDLE = re.compile(r"(?<![\w@])@\w{1,40}")
_ZERO = ord("0")
_LINK_SIGN, _HANDLE_SIGN = "\ue000", "\ue001"
_SYMBOLS = frozenset("!?$%&@#*" + _LINK_SIGN + _HANDLE_SIGN)

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_STEP = np.uint64(0xD6E8FEB86659FD93)
_PAIR = np.uint64(0xA24BAED4963EE407)
_BREAKS = np.isin(np.arange(128), [0, 10])
_ENDS = _BREAKS | np.isin(np.arange(128), [ord(sign) for sign in ".!?"])
_BLANKS = _BREAKS | np.isin(np.arange(128), [ord(" ")])
_LONGEST_WORD = 48
"""Letters of a word that its hash sees; the rest of a longer word is left out."""


class Occurrences(NamedTuple):
    """The n-grams found in a batch.

    Attributes:
        buckets: Bucket of each occurrence, 0 to ``2**bits - 1``.
        sentences: Which sentence of the batch each occurrence starts in, from 0.
        rows: Which comment of the batch each sentence stands in, from 0; every comment has one sentence at least.
        sizes: How many words and signs each sentence has.
        starts: Where each occurrence starts in its folded comment; empty unless places were asked for.
        ends: Where it ends.
    """

    buckets: Integers
    sentences: Integers
    rows: Integers
    sizes: Integers
    starts: Integers
    ends: Integers


class Tokens(NamedTuple):
    """The tokens of a batch in compact form: a hash for each letter, 0 where a separator stands, and where those are."""

    letters: Hashes
    separators: Integers


class Ngrams(NamedTuple):
    """N-grams of one kind: their buckets, and where in the compact form each starts and ends."""

    buckets: Hashes
    lows: Integers
    highs: Integers


@dataclass(frozen=True, slots=True)
class Hasher:
    """Which n-grams are taken, and into how many buckets.

    Attributes:
        bits: Base-2 logarithm of the number of buckets, 8 to 24.
        words: Longest word n-gram, 1 to 3.
        shortest: Shortest character n-gram, 1 to ``longest``.
        longest: Longest character n-gram, up to 8.
    """

    bits: int = 19
    words: int = 2
    shortest: int = 2
    longest: int = 5

    def __post_init__(self) -> None:
        if not (8 <= self.bits <= 24 and 1 <= self.words <= 3 and 1 <= self.shortest <= self.longest <= 8):
            raise ValueError(f"{self} is out of range: see the ranges of Hasher's attributes.")

    def find(self, folded: Sequence[str], places: bool = False) -> Occurrences:
        """Hash every n-gram of a batch.

        Args:
            folded: Folded comments, without NUL characters.
            places: Whether ``starts`` and ``ends`` are wanted; they are empty otherwise.

        Returns:
            The occurrences, grouped by kind of n-gram, and the sentences that they stand in.

        Example:
            >>> found = Hasher(bits=10, words=1, shortest=2, longest=2).find(["go on"])
            >>> len(found.buckets)  # go, on; " g", "go", "o ", " o", "on", "n "
            8
        """
        joined = "\x00".join([mask_links(text) for text in folded])
        codes = np.frombuffer(f"\x00{joined}\x00".encode("utf-32-le"), np.uint32)
        codes = np.where((codes > _ZERO) & (codes <= _ZERO + 9), np.uint32(_ZERO), codes)  # 142 and 365 are alike
        kinds = _kinds()[np.minimum(codes, 0xFFFF)]
        here, before = kinds[1:], kinds[:-1]
        begins = (here > 0) & ((here != before) | ((here == 2) & (codes[1:] != codes[:-1])))  # "!!!" is one token, "!?" two
        kept = here > 0
        # compact form: every token behind exactly one separator, so that edges look alike whatever stood between
        place = np.cumsum(kept + begins.astype(np.int64)) - 1
        origin = np.flatnonzero(kept)
        letters = np.zeros(int(place[-1]) + 2, np.uint64)  # the last separator ends the last token
        letters[place[origin]] = _mixed(codes[1:][origin])
        tokens = Tokens(letters, np.append(place[begins] - 1, len(letters) - 1))

        offsets = np.cumsum([0] + [len(text) + 1 for text in folded])
        ends = _sentence_ends(codes[1:])
        rows = np.searchsorted(offsets, ends, side="right") - 1
        first_letters = np.flatnonzero(begins)
        sentence_of_token = np.searchsorted(ends, first_letters)
        sizes = np.bincount(sentence_of_token, minlength=len(ends))

        kinds_of_ngrams = [*self._find_words(tokens, rows[sentence_of_token]), *self._find_characters(tokens)]
        low = np.concatenate([ngrams.lows for ngrams in kinds_of_ngrams])
        buckets = np.concatenate([ngrams.buckets for ngrams in kinds_of_ngrams]).astype(np.int64)
        token_at = np.zeros(len(letters), np.int64)  # a separator counts to the token behind it
        token_at[tokens.separators[1:-1]] = 1
        token_at = np.cumsum(token_at)
        sentences = sentence_of_token[token_at[low]] if len(low) else low
        if not places:
            return Occurrences(buckets, sentences, rows, sizes, low[:0], low[:0])
        source = np.full(len(letters), -1, np.int64)
        source[place[origin]] = origin
        high = np.concatenate([ngrams.highs for ngrams in kinds_of_ngrams])
        first = np.where(source[low] < 0, source[np.minimum(low + 1, len(letters) - 1)], source[low])
        last = np.where(source[high - 1] < 0, source[high - 2], source[high - 1])
        start = offsets[rows[sentences]]
        return Occurrences(buckets, sentences, rows, sizes, first - start, last + 1 - start)

    def _find_words(self, tokens: Tokens, rows: Integers) -> Iterator[Ngrams]:
        starts, ends = tokens.separators[:-1] + 1, tokens.separators[1:]
        if not len(starts):
            yield Ngrams(np.zeros(0, np.uint64), starts, ends)
            return
        lengths = np.minimum(ends - starts, _LONGEST_WORD)
        begin = np.cumsum(lengths) - lengths
        within = np.arange(int(lengths.sum())) - np.repeat(begin, lengths)
        words = np.add.reduceat(tokens.letters[np.repeat(starts, lengths) + within] * _powers()[within], begin)
        for count in range(1, min(self.words, len(words)) + 1):
            together = words[: len(words) - count + 1]
            for further in range(1, count):
                together = together * _PAIR + words[further : len(words) - count + 1 + further]
            same = rows[: len(together)] == rows[count - 1 :]  # never from one comment into the next
            yield Ngrams(self._bucket(together, count)[same], starts[: len(together)][same], ends[count - 1 :][same])

    def _find_characters(self, tokens: Tokens) -> Iterator[Ngrams]:
        letters, separators = tokens
        # for each place, where the next separator stands: an n-gram may end on it and never reach past it
        following = np.append(np.repeat(separators, np.diff(separators, prepend=-1))[1:], len(letters))
        at = np.arange(len(letters))
        rolling = letters
        for length in range(2, min(self.longest, len(letters)) + 1):
            rolling = rolling[:-1] * _STEP + letters[length - 1 :]
            if length >= self.shortest:
                inside = np.flatnonzero(following[: len(rolling)] >= at[: len(rolling)] + length - 1)
                yield Ngrams(self._bucket(rolling[inside], 16 + length), inside, inside + length)

    def _bucket(self, hashes: Hashes, salt: int) -> Hashes:
        hashes = (hashes ^ np.uint64(salt * int(_PAIR) % 2**64)) * _MIX
        hashes ^= hashes >> np.uint64(31)
        return (hashes * _ODD) >> np.uint64(64 - self.bits)


def mask_links(folded: str) -> str:
    """Put one sign for each link and handle, and blanks for the rest of it, so that every position stays."""
    if "://" in folded or "www." in folded or _DOMAIN.search(folded):
        folded = _LINK.sub(lambda link: _LINK_SIGN + " " * (len(link.group()) - 1), folded)
    if "@" in folded:
        folded = _HANDLE.sub(lambda handle: _HANDLE_SIGN + " " * (len(handle.group()) - 1), folded)
    return folded


def _mixed(codes: npt.NDArray[np.uint32]) -> Hashes:
    mixed = (codes.astype(np.uint64) + np.uint64(1)) * _ODD
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    mixed ^= mixed >> np.uint64(32)
    return mixed


def _sentence_ends(codes: npt.NDArray[np.uint32]) -> Integers:
    """Where sentences end: at a line break, at a full stop or the like before a blank, and where a comment ends."""
    clipped = np.minimum(codes, 0x7F)
    ends = _ENDS[clipped]
    blank = _BLANKS[clipped]
    ends[:-1] &= blank[1:] | _BREAKS[clipped[:-1]]
    return np.flatnonzero(ends)


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Kind of each code point of the basic plane: 0 separates, 1 is part of a word, 2 is a token of its own."""
    kinds = np.fromiter(
        (1 if chr(code).isalnum() or code == 0x27 else 2 if chr(code) in _SYMBOLS or 0x2190 <= code < 0x2C00 else 0
         for code in range(0xFFFF)), np.uint8, 0xFFFF
    )  # fmt: skip
    return np.append(kinds, np.uint8(2))  # everything above the basic plane, emoji above all


@cache
def _powers() -> Hashes:
    return np.array([pow(int(_STEP), power, 2**64) for power in range(1, _LONGEST_WORD + 1)], np.uint64)
